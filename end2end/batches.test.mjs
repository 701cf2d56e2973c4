// The list of batches: filters, order, columns, views and file; with WASM and without.
import { after, before, describe, test } from 'node:test'
import assert from 'node:assert/strict'
import { assertAccessible, keepScreenshot, launch, openHydrated, withPage } from './browser.mjs'

let browser
before(async () => { browser = await launch() })
after(() => browser?.close())

const check = (name, body, options = {}) => test(name, () => withPage(browser, options, body))
const noScript = { javaScriptEnabled: false }
const rows = page => page.locator('.list table tbody tr')
const ids = page => page.locator('.list table tbody a.row-link').evaluateAll(links => links.map(link => link.getAttribute('href').match(/bat_\w+/)[0]))
const query = page => new URL(page.url()).search

/** Waits until a click has changed the address and the rows are there. */
async function follow(page, link) {
    const from = page.url()
    await link.click()
    await page.waitForURL(url => url.href !== from)
    await page.locator('.list').waitFor()
}

for (const [how, options] of [['with WASM', {}], ['without JavaScript', noScript]]) {
    const open = (page, address) => options === noScript ? page.goto(address) : openHydrated(page, address)

    describe(`the list ${how}`, () => {
        check('a state is a link, and its count is what it leads to', async page => {
            await open(page, '/admin/batches?size=200')
            const chip = page.locator('.chip', { hasText: 'failed' })
            const count = Number(await chip.locator('small').innerText())
            assert.ok(count > 0, 'the demo has failed batches')
            await follow(page, chip)
            assert.match(query(page), /state=failed/)
            await page.locator('.chip[aria-current]', { hasText: 'failed' }).waitFor()
            assert.equal(await rows(page).count(), count)
            for (const badge of await page.locator('.list .badge').allInnerTexts()) assert.equal(badge.trim(), 'failed')
        }, options)

        check('a form sets several filters, and its address has no empty ones', async page => {
            await open(page, '/admin/batches?sort=refunded')
            await page.locator('.filters summary').click()
            await page.selectOption('select[name=party]', 'provider')
            await page.check('input[name=failures]')
            await page.locator('.filters button').click()
            await page.waitForURL(/party=provider/)
            // Led by WASM, a form also names what it left at its default, which says the same.
            const asked = [...new URLSearchParams(query(page))].filter(([name]) => name !== 'order').map(pair => pair.join('=')).sort()
            assert.deepEqual(asked, ['failures=1', 'party=provider', 'sort=refunded'])
            assert.equal(await page.locator('.pill').count(), 2)
            assert.ok(await rows(page).count() > 0)
            await follow(page, page.locator('.pill', { hasText: 'provider' }))
            assert.equal(query(page), '?failures=1&sort=refunded')
        }, options)

        check('pages lead forward and back over every row once', async page => {
            // What was submitted before today has ended: no profit changes between two pages.
            const ended = `/admin/batches?sort=profit&to=${new Date(Date.now() - 86_400_000).toISOString().slice(0, 10)}`
            await open(page, `${ended}&size=200`)
            const all = await ids(page)
            assert.ok(all.length > 50, `${all.length} rows are more than a page`)
            await open(page, ended)
            const first = await ids(page)
            await follow(page, page.locator('a.step[rel=next]'))
            await page.locator(`.list a.row-link[href*="${all[50]}"]`).waitFor()
            const second = await ids(page)
            assert.deepEqual([...first, ...second], all.slice(0, 100))
            await follow(page, page.locator('a.step[rel=prev]'))
            await page.locator(`.list a.row-link[href*="${all[0]}"]`).waitFor()
            assert.deepEqual(await ids(page), first)
        }, options)

        check('a filter that matches nothing shows nothing, and says how to go on', async page => {
            await open(page, '/admin/batches?customer=acme')
            assert.equal(await rows(page).count(), 0)
            assert.match(await page.locator('.panel-note').innerText(), /customer = acme/)
            await follow(page, page.locator('.panel-note a.button'))
            assert.equal(query(page), '')
            await rows(page).first().waitFor()
        }, options)

        check('a hidden column is not in the page', async page => {
            await open(page, '/admin/batches')
            assert.equal(await page.locator('th', { hasText: 'Margin' }).count(), 1)
            await page.locator('summary', { hasText: 'Columns' }).click()
            await follow(page, page.locator('a.option', { hasText: 'Margin' }))
            await page.locator('th', { hasText: 'Margin' }).waitFor({ state: 'detached' })
            assert.match(query(page), /cols=/)
        }, options)

        check('a view is saved for everybody, and deleted after a question', async page => {
            const name = `Losses ${how}`
            await open(page, '/admin/batches?losses=1&sort=profit&order=asc')
            await page.locator('.team summary').first().click()
            await page.fill('.team input[name=name]', name)
            await page.locator('.team button', { hasText: 'Save' }).click()
            await page.waitForURL(/view=saved/)
            await page.locator('.said.good').waitFor()
            await open(page, '/admin/batches')
            await page.locator('.team summary').first().click()
            await follow(page, page.locator('.team li a', { hasText: name }))
            assert.equal(query(page), '?losses=1&sort=profit&order=asc')
            await open(page, '/admin/batches')
            await page.locator('.team > summary').click()
            const saved = page.locator('.team li', { hasText: name })
            await saved.locator('summary').click()
            await saved.locator('button').click()
            await page.waitForURL(/view=deleted/)
            assert.equal(await page.locator('.team li', { hasText: name }).count(), 0)
        }, options)
    })
}

describe('the list', () => {
    check('sorting, back and forward, and a copied address', async page => {
        await openHydrated(page, '/admin/batches')
        const newest = await ids(page)
        await follow(page, page.locator('th a.sort', { hasText: 'Refunded' }))
        await page.locator('th[aria-sort=descending]', { hasText: 'Refunded' }).waitFor()
        const refunded = await ids(page)
        await page.goBack()
        await page.locator('th[aria-sort=descending]', { hasText: 'Created' }).waitFor()
        assert.deepEqual(await ids(page), newest)
        await page.goForward()
        await page.locator('th[aria-sort=descending]', { hasText: 'Refunded' }).waitFor()
        assert.deepEqual(await ids(page), refunded)
        const copied = page.url()
        await withPage(browser, noScript, async other => {
            await other.goto(copied)
            assert.deepEqual(await ids(other), refunded)
        })
    })

    check('the file has the rows of the list in its order', async page => {
        await page.goto('/admin/batches?state=partial&sort=profit&size=200')
        const href = await page.locator('a.csv').getAttribute('href')
        const text = await (await page.request.get(href)).text()
        const lines = text.trim().split('\r\n')
        assert.deepEqual(lines.slice(1, -1).map(line => line.split(',')[0]), await ids(page))
        assert.match(lines.at(-1), new RegExp(`^total of ${lines.length - 2},`))
    })

    check('a customer is filtered by from a row', async page => {
        await openHydrated(page, '/admin/batches')
        await page.locator('tbody tr').first().hover()
        await follow(page, page.locator('a.only').first())
        assert.match(query(page), /customer=cus_/)
        await page.locator('.pill', { hasText: 'Customer' }).waitFor()
    })

    for (const [name, address, options] of [
        ['batches-list', '/admin/batches', {}],
        ['batches-filters', '/admin/batches?failures=1&sort=refunded', { colorScheme: 'dark' }],
        ['batches-zh-dark', '/admin/batches?lang=zh', { colorScheme: 'dark' }],
        ['batches-phone', '/admin/batches?state=partial', { viewport: { width: 390, height: 844 } }],
        ['batches-none', '/admin/batches?customer=acme&lang=zh', {}],
    ]) {
        check(`${name} is accessible`, async page => {
            await openHydrated(page, address)
            for (const menu of await page.locator('.menu > summary').all()) {
                await menu.click()
                await assertAccessible(page, '.menu[open]')
                if (name === 'batches-filters') await keepScreenshot(page, `${name}-${await menu.innerText()}`.replace(/\W+/g, '-'))
                await menu.click()
            }
            await assertAccessible(page)
            const width = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
            assert.equal(width, 0, 'nothing is wider than the page')
            await keepScreenshot(page, name)
        }, options)
    }
})
