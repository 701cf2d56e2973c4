// The browser that the tests look through: the machine's Chromium (or $CHROMIUM), one fresh context per test, in which an owner
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

/** A context in which an operator with this role has signed in; nobody, where there is no role. */
export async function contextOf(browser, { role = 'owner', ...options } = {}) {
    const context = await browser.newContext({ baseURL: baseUrl, viewport: { width: 1280, height: 900 }, ...options })
    if (role) {
        if (!sessions.has(role)) sessions.set(role, signIn(role))
        await context.addCookies(await sessions.get(role))
    }
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

/** Runs `body` with a page that remembers everything that went wrong on it, and fails when something did. */
export async function withPage(browser, options, body) {
    const context = await contextOf(browser, options)
    const page = await context.newPage()
    clickWholePages(page)
    page.setDefaultTimeout(timeoutMs)
    const problems = []
    // What the server made and what WASM makes of it must be the same: where they differ, WASM warns.
    const isProblem = message => message.type() === 'error' || (message.type() === 'warning' && /hydrat/i.test(message.text()))
    page.on('console', message => isProblem(message) && problems.push(`console: ${message.text()}`))
    page.on('pageerror', error => problems.push(`exception: ${error.message}`))
    page.on('response', response => response.status() >= 400 && problems.push(`${response.status()} ${response.url()}`))
    try {
        await body(page)
        assert.deepEqual(problems, [], `nothing goes wrong on ${page.url()}`)
    } finally {
        await context.close()
    }
}

/** Opens an address and waits until WASM has taken over. */
export async function openHydrated(page, address) {
    await page.goto(address)
    await page.locator('[data-hydrated="true"]').first().waitFor({ state: 'attached' })
}

/** Whether a request is the browser half's: a page without its frame. */
export const asksForPart = request => 'x-part' in request.headers()

/** Fails with rule, place and help of whatever axe finds serious or critical on the page. */
export async function assertAccessible(page) {
    await page.evaluate(axe)
    // What it would fetch first, style sheets and media, is for a rule that is not in use and for media, of which pages have none.
    const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'], preload: false }))
    const serious = violations
        .filter(({ impact }) => impact === 'serious' || impact === 'critical')
        .map(({ id, help, nodes }) => `${id}: ${help} at ${nodes.map(node => node.target.join(' ')).join(', ')}`)
    assert.deepEqual(serious, [], `axe finds nothing serious on ${page.url()}`)
}

/** Keeps a picture of the page for people to look at; nothing compares it. */
export async function keepScreenshot(page, name) {
    if (!screenshots) return
    mkdirSync(screenshots, { recursive: true })
    await page.screenshot({ path: path.join(screenshots, `${name}.png`), fullPage: true })
}
