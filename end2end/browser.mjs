// The browser that the tests look through: the machine's Chromium (or $CHROMIUM). Each test has a page to itself, in which an owner
// has signed in unless the test wants another role, or nobody.
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import assert from 'node:assert/strict'
import { chromium } from 'playwright-core'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

export const baseUrl = process.env.BASE_URL ?? 'http://127.0.0.1:3000'
const screenshots = process.env.SCREENSHOTS
const timeoutMs = 15_000

export async function launch() {
    const executablePath = process.env.CHROMIUM ?? ['/usr/bin/chromium-headless-shell', '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync)
    assert.ok(executablePath, 'no Chromium: set CHROMIUM to the program')
    return chromium.launch({
        executablePath,
        args: [
            ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []), // Chromium's sandbox refuses to run as root
            '--disable-gpu',
            '--disable-quic',
            '--no-first-run',
            '--disable-background-networking',
            '--disable-component-update',
            '--disable-sync',
        ],
    })
}

/** The operators of the demo: `{ email, role, password }` each. */
export const operators = JSON.parse(process.env.OPERATORS ?? '[]')

// Scripts of tests ask the operators' API as an owner would.
const plainFetch = globalThis.fetch
globalThis.fetch = (address, options = {}) => {
    const isForOperators = String(address).startsWith(`${baseUrl}/api/admin/`)
    const headers = new Headers(options.headers)
    if (isForOperators && !headers.has('authorization')) headers.set('authorization', `Bearer ${process.env.OPERATOR_TOKEN}`)
    return plainFetch(address, { ...options, headers })
}

/** Sends the form of the door, and gives the cookies of the session. */
export async function signIn(role) {
    const { email, password } = operators.find(operator => operator.role === role)
    const answer = await plainFetch(`${baseUrl}/login`, { method: 'POST', body: new URLSearchParams({ email, password }), redirect: 'manual' })
    assert.equal(new URL(answer.headers.get('location'), baseUrl).pathname, '/admin', `${role} signs in`)
    return answer.headers.getSetCookie().map(line => {
        const [name, value] = line.split(';')[0].split('=')
        return { name, value, url: baseUrl, httpOnly: true, sameSite: 'Lax' }
    })
}

const sessions = new Map()

function cookiesOf({ role = 'owner' } = {}) {
    if (!role) return []
    if (!sessions.has(role)) sessions.set(role, signIn(role))
    return sessions.get(role)
}

/** A context in which an operator with this role has signed in; nobody, where there is no role. */
export async function contextOf(browser, { role, ...options } = {}) {
    const context = await browser.newContext({ baseURL: baseUrl, viewport: { width: 1280, height: 900 }, ...options })
    await context.addCookies(await cookiesOf({ role }))
    return context
}

/** A click that loads a page is over when all of the page is there: nobody reads half of it. */
function clickWholePages(page) {
    const locator = Object.getPrototypeOf(page.locator('main'))
    if (locator.clicksWholePages) return
    const { click } = locator
    locator.clicksWholePages = true
    locator.click = async function (...how) {
        await click.apply(this, how)
        await this.page().waitForLoadState()
    }
}

/** Pages that rest between tests of a file, by the options of their context: a new one costs as much as most tests. */
const resting = new Map()

async function pageOf(browser, options) {
    const rested = resting.get(JSON.stringify(options))
    if (rested) {
        resting.delete(JSON.stringify(options))
        await rested.context().addCookies(await cookiesOf(options))
        return rested
    }
    const page = await (await contextOf(browser, options)).newPage()
    clickWholePages(page)
    page.setDefaultTimeout(timeoutMs)
    return page
}

/** Forgets what a test did to its page: the server keeps everything else. */
async function rest(page, options) {
    page.removeAllListeners()
    await page.unrouteAll()
    await page.goto('about:blank')
    await page.emulateMedia({ media: null })
    const context = page.context()
    await Promise.all(context.pages().filter(other => other !== page).map(other => other.close()))
    await context.clearCookies()
    resting.set(JSON.stringify(options), page)
}

/** Runs `body` with a page that remembers everything that went wrong on it, and fails when something did. */
export async function withPage(browser, options = {}, body) {
    const page = await pageOf(browser, options)
    const problems = []
    // What the server made and what WASM makes of it must be the same: where they differ, WASM warns.
    const isProblem = message => message.type() === 'error' || (message.type() === 'warning' && /hydrat/i.test(message.text()))
    page.on('console', message => isProblem(message) && problems.push(`console: ${message.text()}`))
    page.on('pageerror', error => problems.push(`exception: ${error.message}`))
    page.on('response', response => response.status() >= 400 && problems.push(`${response.status()} ${response.url()}`))
    try {
        await body(page)
        assert.deepEqual(problems, [], `nothing goes wrong on ${page.url()}`)
    } catch (error) {
        await page.context().close()
        throw error
    }
    await rest(page, options)
}

/** Opens an address and waits until WASM has taken over. */
export async function openHydrated(page, address) {
    await page.goto(address)
    await page.locator('[data-hydrated="true"]').first().waitFor({ state: 'attached' })
}

/** Whether a request is the browser half's: a page without its frame. */
export const asksForPart = request => 'x-part' in request.headers()

/**
 * Fails with rule, place and help of whatever axe finds serious or critical on the page, or in a part of it. Of rows that are the
 * same but for what they say and lead to, the first is looked at.
 */
export async function assertAccessible(page, part = 'html') {
    await page.evaluate(axe)
    const serious = await page.evaluate(async part => {
        const forms = new Set()
        const isRepeated = row => {
            const form = row.outerHTML.replace(/>[^<]+/g, '>text').replace(/ (?!class|role|type|tabindex|aria-(?!label))([\w-]+)="[^"]+"/g, ' $1')
            return forms.size === forms.add(form).size
        }
        const exclude = [...document.querySelectorAll('tbody tr')].filter(isRepeated)
        // What it would fetch first, style sheets and media, is for a rule that is not in use and for media, of which pages have none.
        // It would look for a selector of every element that it passes, which takes a third of its time.
        const how = { resultTypes: ['violations'], preload: false, selectors: false }
        const { violations } = await window.axe.run({ include: part, exclude }, how)
        return violations
            .filter(({ impact }) => impact === 'serious' || impact === 'critical')
            .map(({ id, help, nodes }) => `${id}: ${help} at ${nodes.map(node => node.html).join(', ')}`)
    }, part)
    assert.deepEqual(serious, [], `axe finds nothing serious on ${page.url()}`)
}

/** Keeps a picture of the page for people to look at; nothing compares it. */
export async function keepScreenshot(page, name) {
    if (!screenshots) return
    mkdirSync(screenshots, { recursive: true })
    await page.screenshot({ path: path.join(screenshots, `${name}.png`), fullPage: true })
}
