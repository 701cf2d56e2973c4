// The way of an operator: list of batches → one batch → its tasks, billing and webhooks; with WASM and without.
import { after, before, describe, test } from 'node:test'
import assert from 'node:assert/strict'
import { assertAccessible, keepScreenshot, launch, openHydrated, withPage } from './browser.mjs'

const batchLink = 'table tbody a[href*="/admin/batches/bat_"]'
const tabs = ['tasks', 'billing', 'webhooks']

let browser
before(async () => { browser = await launch() })
after(() => browser?.close())

const check = (name, body, options = {}) => test(name, () => withPage(browser, options, body))

/** Path of the first batch on the list. */
async function firstBatch(page) {
    const href = await page.locator(batchLink).first().getAttribute('href')
    return new URL(href, page.url()).pathname
}

describe('list of batches', () => {
    check('shows a table whose rows lead to batches', async page => {
        await openHydrated(page, '/admin/batches')
        assert.equal((await page.locator('h1').innerText()).trim(), 'Batches')
        assert.ok(await page.locator(batchLink).count() > 0, 'there is at least one batch')
        await keepScreenshot(page, 'batches')
    })

    check('opens a batch without loading the page anew', async page => {
        await openHydrated(page, '/admin/batches')
        await page.evaluate(() => { window.stillHere = true })
        const target = await firstBatch(page)
        await page.locator(batchLink).first().click()
        await page.waitForURL(`**${target}**`)
        await page.locator('h1', { hasNotText: /^Batches$/ }).waitFor()
        assert.equal(await page.evaluate(() => window.stillHere), true)
    })

    check('has no serious accessibility fault', async page => {
        await openHydrated(page, '/admin/batches')
        await assertAccessible(page)
    })
})

describe('one batch', () => {
    for (const tab of tabs) {
        check(`tab ${tab} is an address of its own, and accessible`, async page => {
            await page.goto('/admin/batches')
            const batch = await firstBatch(page)
            await openHydrated(page, `${batch}?tab=${tab}`)
            for (const other of tabs) {
                // A default is left out of links, so the default tab may be linked without its name.
                const named = page.locator(`a[href*="tab=${other}"]`)
                const plain = page.locator(`a[href$="${batch}"]`)
                assert.ok(await named.count() + (other === tabs[0] ? await plain.count() : 0) > 0, `there is a link to ${other}`)
            }
            await assertAccessible(page)
            await keepScreenshot(page, `batch-${tab}`)
        })
    }

    check('is named by its heading', async page => {
        await page.goto('/admin/batches')
        const batch = await firstBatch(page)
        await openHydrated(page, batch)
        const heading = page.locator('h1')
        const shown = `${await heading.innerText()} ${await heading.innerHTML()} ${await page.title()}`
        // Ids are shortened on screens: their end is what tells them apart.
        assert.match(shown, new RegExp(batch.slice(-4)))
    })
})

describe('without JavaScript', () => {
    const off = { javaScriptEnabled: false }

    check('list, batch and tabs work as plain links', async page => {
        await page.goto('/admin/batches')
        assert.equal((await page.locator('h1').innerText()).trim(), 'Batches')
        const batch = await firstBatch(page)
        await page.locator(batchLink).first().click()
        assert.equal(new URL(page.url()).pathname, batch)
        assert.ok(await page.locator('table tbody tr').count() > 0, 'the rows of its tasks are in the page')
        await page.locator('a[href*="tab=billing"]').first().click()
        assert.match(page.url(), /tab=billing/)
        assert.ok((await page.locator('main').innerText()).length > 0)
    }, off)
})

describe('languages', () => {
    check('?lang=zh shows the console in Chinese', async page => {
        await openHydrated(page, '/admin/batches?lang=zh')
        assert.match(await page.locator('html').getAttribute('lang'), /^zh/)
        assert.match(await page.locator('h1').innerText(), /[\u4e00-\u9fff]/)
        assert.match(await page.locator('body').innerText(), /简体中文/)
        await keepScreenshot(page, 'batches-zh')
    })

    check('English is the default', async page => {
        await openHydrated(page, '/admin/batches')
        assert.match(await page.locator('html').getAttribute('lang'), /^en/)
    })
})
