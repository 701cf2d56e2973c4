// The first page: every figure leads to its rows, and is their sum.
import { after, before, describe, test } from 'node:test'
import assert from 'node:assert/strict'
import { assertAccessible, keepScreenshot, launch, openHydrated, withPage } from './browser.mjs'

let browser
before(async () => { browser = await launch() })
after(() => browser?.close())

const check = (name, body, options = {}) => test(name, () => withPage(browser, options, body))
const noScript = { javaScriptEnabled: false }
const number = text => Number(text.replace(/,/g, '').replace('−', '-').replace(/^US\$ /, ''))

/** Rows of the file of the list at an address, without the totals. */
async function rowsBehind(page, href) {
    const url = new URL(href, page.url())
    const text = await (await page.request.get(`/api/admin/batches.csv${url.search}`)).text()
    const [head, ...lines] = text.replace(/^\ufeff/, '').trim().split('\r\n')
    const names = head.split(',')
    return lines.slice(0, -1).map(line => Object.fromEntries(line.split(',').map((cell, at) => [names[at], cell])))
}
const sum = (rows, column) => rows.reduce((total, row) => total + Number(row[column]), 0)

describe('overview', () => {
    check('every state leads to as many batches and tasks as it says', async page => {
        // Finished days only: what runs now changes between two looks.
        await page.goto('/admin?window=30d')
        const card = page.locator('.card', { has: page.locator('h2', { hasText: 'Batches by state' }) })
        let walked = 0
        for (const row of await card.locator('tbody tr').all()) {
            const cells = await row.locator('td').allInnerTexts()
            if (['processing', 'queued', 'canceling', 'All'].includes(cells[0].trim())) continue
            const rows = await rowsBehind(page, await row.locator('a').first().getAttribute('href'))
            assert.deepEqual([rows.length, sum(rows, 'tasks')], [number(cells[1]), number(cells[2])], cells[0])
            walked += rows.length
        }
        assert.ok(walked > 10, 'the demo has batches in this window')
    }, noScript)

    check('every bar leads to the day whose figures it says', async page => {
        await page.goto('/admin?window=30d')
        const today = new Date().toISOString().slice(0, 10)
        const bars = await page.locator('.chart').first().locator('a').evaluateAll(links => links.map(link => [link.getAttribute('aria-label'), link.getAttribute('href')]))
        assert.equal(bars.length, 30)
        for (const [label, href] of bars.filter(([label]) => !label.startsWith(today) && !/Charged 0, Refunded 0/.test(label)).slice(0, 6)) {
            const [, day, charged, refunded] = label.match(/^(\S+): Charged ([\d,]+), Refunded ([\d,]+)$/)
            const rows = await rowsBehind(page, href)
            assert.deepEqual([sum(rows, 'credits_charged'), sum(rows, 'credits_refunded')], [number(charged), number(refunded)], day)
        }
    }, noScript)

    check('a window is an address; back leads to the one before', async page => {
        await openHydrated(page, '/admin')
        await page.locator('.windows a', { hasText: '30 days' }).click()
        await page.waitForURL(/window=30d/)
        await page.locator('.windows a[aria-current]', { hasText: '30 days' }).waitFor()
        await page.goBack()
        await page.locator('.windows a[aria-current]', { hasText: '7 days' }).waitFor()
        assert.equal(new URL(page.url()).pathname + new URL(page.url()).search, '/admin')
    })

    check('a bar leads to the list', async page => {
        await openHydrated(page, '/admin?window=30d')
        await page.locator('.chart a').last().click()
        await page.waitForURL(/\/admin\/batches\?from=/)
        await page.locator('h1', { hasText: 'Batches' }).waitFor()
    })

    for (const [name, address, options] of [
        ['overview', '/admin?window=30d', {}],
        ['overview-dark', '/admin', { colorScheme: 'dark' }],
        ['overview-zh', '/admin?lang=zh&window=30d', {}],
        ['overview-phone', '/admin?window=today', { viewport: { width: 390, height: 844 } }],
    ]) {
        check(`${name} is accessible`, async page => {
            await openHydrated(page, address)
            await assertAccessible(page)
            const width = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
            assert.equal(width, 0, 'nothing is wider than the page')
            await keepScreenshot(page, name)
        }, options)
    }
})
