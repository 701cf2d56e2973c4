// Giving credits of charged tasks back: named, shown before it is done, done once; with WASM and without.
import { after, before, describe, test } from 'node:test'
import assert from 'node:assert/strict'
import { assertAccessible, keepScreenshot, launch, openHydrated, withPage } from './browser.mjs'
import { Orderer } from './orders.mjs'

const off = { javaScriptEnabled: false }
let browser, orders, id
before(async () => {
    browser = await launch()
    orders = new Orderer('Refunds', 'refunds@example.com')
    id = await orders.submit('refunds', Array.from({ length: 20 }, (_, n) => ({ prompt: `take ${n + 1} ${n === 4 ? '[[fail:timeout]]' : '[[ok]]'} [[slow:100ms]]` })))
    await orders.finished(id)
})
after(() => browser?.close())

const check = (name, body, options = {}) => test(name, () => withPage(browser, { viewport: { width: 1440, height: 900 }, ...options }, body))
const dialog = page => page.locator('#dialog')
const credits = async () => (await orders.batch(id)).credits

describe('a refund after capture', () => {
    check('is shown before it is done, and asks why', async page => {
        await openHydrated(page, `/admin/batches/${id}`)
        await page.getByRole('link', { name: 'Refund tasks' }).click()
        await dialog(page).waitFor()
        await page.waitForFunction(() => document.activeElement.closest('#dialog'))
        await dialog(page).locator('input[name=refund]').fill('3, 7-9')
        await dialog(page).getByRole('button', { name: 'Show what it would do' }).click()
        await dialog(page).getByRole('button', { name: 'Refund 4 tasks, give back 196 credits' }).waitFor()
        const text = await dialog(page).innerText()
        const [before, then] = ['now', 'then'].map(word => Number(text.match(new RegExp(`can spend ${word}\\s+([\\d,]+)`))[1].replaceAll(',', '')))
        assert.equal(then - before, 196)
        await assertAccessible(page)
        await keepScreenshot(page, 'refund')
        const charged = (await credits()).charged
        await dialog(page).getByRole('button', { name: /^Refund 4/ }).click()
        assert.equal((await credits()).charged, charged, 'nothing is done without a reason')
        await dialog(page).locator('textarea').fill('Faces were blurred')
        const token = await dialog(page).locator('input[name=token]').inputValue()
        await dialog(page).getByRole('button', { name: /^Refund 4/ }).click()
        await page.waitForURL(/tab=billing&txn=txn_/)
        assert.match(await page.locator('tr.target').first().innerText(), /reversal/)
        assert.match(await page.locator('tr.target').first().innerText(), /Faces were blurred/)
        assert.equal((await credits()).charged, charged - 196)
        // The same form sent again: a second click, or a reload of the request.
        const again = await page.request.post('/admin/data/batch_refund', {
            form: { id, tasks: '3,7-9', reason: 'Faces were blurred', token }, headers: { origin: new URL(page.url()).origin }, maxRedirects: 0,
        })
        assert.match(again.headers().location, /tab=billing&txn=txn_/)
        assert.equal((await credits()).charged, charged - 196, 'a form that is sent twice is one refund')
    })

    check('says which tasks cannot be refunded', async page => {
        for (const [tasks, said] of [['5', /not charged: 5/], ['3', /refunded already: 3/], ['nonsense', /by their numbers/], ['1-20000', /at most 10,000/], ['21', /not charged: 21/]]) {
            await page.goto(`/admin/batches/${id}?action=refund&refund=${tasks}`)
            assert.match(await dialog(page).locator('[role=alert]').innerText(), said)
            assert.equal(await dialog(page).locator('textarea').count(), 0, 'there is nothing to confirm')
        }
    }, off)

    check('of the open task works without JavaScript, in Chinese too', async page => {
        await page.goto(`/admin/batches/${id}?task=11&lang=zh`)
        await page.getByRole('link', { name: '退还此任务' }).click()
        const charged = (await credits()).charged
        await dialog(page).locator('textarea').fill('画面模糊')
        await dialog(page).getByRole('button', { name: /退还 1 个任务/ }).click()
        assert.match(page.url(), /tab=billing&txn=txn_.*lang=zh/)
        assert.match(await page.locator('tr.target').first().innerText(), /画面模糊/)
        assert.equal((await credits()).charged, charged - 49)
        await page.goto(`/admin/batches/${id}?task=11`)
        assert.match(await page.locator('#task-11').locator('xpath=ancestor::tr').innerText(), /49 refunded/)
        assert.equal(await page.getByRole('link', { name: 'Refund this task' }).count(), 0, 'a task is refunded once')
        assert.match(await page.locator('.proof').innerText(), /Charge reversed/)
    }, off)

    check('closes to where it was opened, by Escape too', async page => {
        await openHydrated(page, `/admin/batches/${id}?state=succeeded&task=12`)
        await page.getByRole('link', { name: 'Refund this task' }).click()
        await dialog(page).waitFor()
        await page.keyboard.press('Escape')
        await page.waitForFunction(() => !document.querySelector('#dialog'))
        assert.match(page.url(), /state=succeeded&task=12$/)
    })
})
