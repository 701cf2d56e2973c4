// Takes the pictures that the documents show, of the demo history: `make pictures`. They are committed; nothing compares them.
import { after, before, test } from 'node:test'
import assert from 'node:assert/strict'
import path from 'node:path'
import { launch, openHydrated, withPage } from './browser.mjs'

const docs = path.resolve(import.meta.dirname, '../docs')
const screen = { viewport: { width: 1440, height: 900 }, deviceScaleFactor: 1 }

let browser
before(async () => { browser = await launch() })
after(() => browser?.close())

/** One screen of a page, as somebody sees it who has just come. */
const picture = (name, address, { from, ...options } = {}) => test(name, () => withPage(browser, { ...screen, ...options }, async page => {
    await openHydrated(page, await address(page))
    if (from) await page.locator(from).evaluate(element => scrollTo(0, element.getBoundingClientRect().top + scrollY - 12))
    await page.evaluate(() => document.fonts.ready)
    await page.screenshot({ path: path.join(docs, `${name}.png`) })
}))

/** A batch of the demo: the largest that ended so and has failures. */
async function batch(page, of) {
    const { data } = await (await page.request.get('/api/admin/batches?limit=200')).json()
    const found = data.filter(batch => batch.status === 'partial').filter(of).sort((a, b) => b.counts.total - a.counts.total)[0]
    assert.ok(found, 'the demo has such a batch')
    return found.id
}
const everything = page => batch(page, ({ counts }) => counts.total <= 200 && counts.failed > 30)

picture('batch-page', async page => `/admin/batches/${await everything(page)}`)
picture('batch-task', async page => `/admin/batches/${await everything(page)}?state=failed&task=${await failedTask(page)}`, { from: '.tabs' })
picture('batch-billing', async page => `/admin/batches/${await batch(page, ({ counts }) => counts.total < 1_000)}?tab=billing`, { from: '.tabs' })
picture('batch-page-dark', async page => `/admin/batches/${await batch(page, ({ counts }) => counts.total === 10_000)}?lang=zh`, { colorScheme: 'dark' })
picture('batches', async () => '/admin/batches')
picture('overview', async () => '/admin?window=30d')
picture('customer', async page => {
    const { data } = await (await page.request.get('/api/admin/batches?limit=200')).json()
    return `/admin/customers/${data.find(batch => batch.counts.total === 10_000).customer.id}`
})

async function failedTask(page) {
    const id = await everything(page)
    const { data } = await (await page.request.get(`/api/admin/batches/${id}/tasks?failure=timeout`)).json()
    return data[0].number
}
