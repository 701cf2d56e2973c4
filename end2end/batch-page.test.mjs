// The batch page as a whole: its looks at every width, in both languages and schemes; addresses that mean little; a copied address
// in a second browser; its dialogs; paper.
import { after, before, describe, test } from 'node:test'
import assert from 'node:assert/strict'
import { assertAccessible, keepScreenshot, launch, openHydrated, withPage } from './browser.mjs'
import { Orderer } from './orders.mjs'

const off = { javaScriptEnabled: false }
const tabs = ['tasks', 'attempts', 'billing', 'timeline', 'webhooks']
let browser, orders, everything, largest, own
before(async () => {
    browser = await launch()
    orders = new Orderer('Pages', 'pages@example.com')
    own = await orders.submit('pages', Array.from({ length: 12 }, (_, n) => ({ prompt: `take ${n + 1} [[ok]] [[slow:100ms]]` })))
    await orders.finished(own)
    await withPage(browser, off, async page => {
        const { data } = await (await page.request.get('/api/admin/batches?limit=200')).json()
        const partial = data.filter(batch => batch.status === 'partial').sort((a, b) => b.counts.failed / b.counts.total - a.counts.failed / a.counts.total)
        everything = partial.find(batch => batch.counts.failed > 30).id
        largest = partial.toSorted((a, b) => b.counts.total - a.counts.total)[0].id
    })
})
after(() => browser?.close())

const check = (name, body, options = {}) => test(name, () => withPage(browser, { viewport: { width: 1440, height: 900 }, ...options }, body))
const tooWide = page => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)

describe('looks', () => {
    check('the whole answer is on the first screen', async page => {
        for (const lang of ['en', 'zh']) {
            for (const id of [everything, largest, own]) {
                await openHydrated(page, `/admin/batches/${id}?lang=${lang}`)
                const bottom = await page.locator('.strip .bar').evaluate(bar => bar.getBoundingClientRect().bottom)
                assert.ok(bottom <= 900, `the strip of ${id} in ${lang} ends at ${bottom} px`)
            }
        }
    })

    // Each width, theme and language, and each theme with each language.
    for (const [width, height, colorScheme, lang] of [[1440, 900, 'light', 'en'], [1440, 900, 'dark', 'zh'], [1024, 768, 'light', 'zh'], [390, 844, 'light', 'zh'], [390, 844, 'dark', 'en']]) {
        check(`${width} px, ${colorScheme}, ${lang}: accessible, and nothing is wider than the page`, async page => {
            for (const tab of tabs) {
                await openHydrated(page, `/admin/batches/${everything}?tab=${tab}&lang=${lang}`)
                assert.ok(await tooWide(page) <= 0, `${tab} is ${await tooWide(page)} px too wide`)
                await assertAccessible(page)
                if (tab === 'tasks' || (colorScheme === 'light' && lang === 'en')) await keepScreenshot(page, `batch-${width}-${colorScheme}-${lang}-${tab}`)
            }
        }, { viewport: { width, height }, colorScheme })
    }

    check('the rarer types of failure are one click away', async page => {
        await openHydrated(page, `/admin/batches/${everything}`)
        const shown = () => page.locator('.why tbody tr:visible').count()
        assert.equal(await shown(), 3)
        const [types] = (await page.locator('.why summary').innerText()).match(/\d+/)
        await page.locator('.why summary').click()
        assert.equal(await shown(), 3 + Number(types))
        await assertAccessible(page)
    })

    check('on paper there are the facts and the rows, and no buttons', async page => {
        await openHydrated(page, `/admin/batches/${everything}`)
        await page.emulateMedia({ media: 'print' })
        for (const there of ['.say', '.facts', '.strip', '.rows-main table']) assert.ok(await page.locator(there).first().isVisible(), there)
        for (const not of ['.batch-actions', '.side', '.tabs', '.pager', 'form.filters']) assert.equal(await page.locator(not).first().isVisible(), false, not)
        await keepScreenshot(page, 'batch-print')
    })
})

describe('addresses', () => {
    const strange = ['?tab=secrets', '?tab=attempts&after=x.y&state=asleep', '?tab=attempts&after=2147483647.9', '?tab=billing&after=txn_nothing&kind=theft', '?tab=billing&lines=x&line=-4',
        '?tab=timeline&after=1-2&actor=nobody', '?task=0', '?task=abc', '?page=1e9&size=7', '?action=explode', '?action=refund&refund=%00%F0%9F%97%BC', '?q=%25%5C_&from=-1']
    for (const query of strange) {
        check(`${query} is a sensible page`, async page => {
            const answer = await page.goto(`/admin/batches/${everything}${query}`)
            assert.equal(answer.status(), 200)
            assert.ok(await page.locator('.say').isVisible())
            await openHydrated(page, `/admin/batches/${everything}${query}`)
            assert.ok(await page.locator('.say').isVisible())
        })
    }

    for (const id of ['bat_nonsense', 'bat_00fkqz1b3r000000000000000g', '%3Cscript%3E', '..%2F..%2Fetc', 'cus_00fkqz1b3r000000000000000g', '0']) {
        check(`${id} is no batch, and says so`, async page => {
            const answer = await page.request.get(`/admin/batches/${id}`, { headers: { accept: 'text/html' } })
            assert.equal(answer.status(), 404)
            assert.match(await answer.text(), /Batch not found|Page not found/)
        })
    }

    check('a copied address shows a second browser the same, a reload too, and back and forward', async page => {
        await openHydrated(page, `/admin/batches/${everything}`)
        await page.locator('.chips a.bad').click()
        await page.waitForURL(/state=failed/)
        await page.locator('.rows-main .row-link').nth(3).click()
        await page.locator('aside.drawer').waitFor()
        const address = page.url()
        const read = async page => [await page.locator('.rows-main tbody').innerText(), await page.locator('aside.drawer h2').innerText()]
        const seen = await read(page)
        await withPage(browser, { viewport: { width: 1440, height: 900 } }, async other => {
            await openHydrated(other, address)
            assert.deepEqual(await read(other), seen)
        })
        await page.reload()
        assert.deepEqual(await read(page), seen)
        await page.goBack()
        await page.waitForFunction(() => !document.querySelector('aside.drawer'))
        await page.goForward()
        await page.locator('aside.drawer').waitFor()
        assert.deepEqual(await read(page), seen)
    })
})

describe('actions', () => {
    const offered = async page => {
        await page.goto(`/admin/batches/${own}?task=1`)
        return [await page.getByRole('link', { name: /^Refund/ }).count(), await page.getByRole('button', { name: 'Compare now', includeHidden: true }).count()]
    }
    for (const [role, refunds, compares] of [['owner', 2, 1], ['finance', 2, 1], ['support', 0, 1], ['viewer', 0, 0]]) {
        check(`what ${role} may not do is not offered`, async page => {
            assert.deepEqual(await offered(page), [refunds, compares])
        }, { role, ...off })
    }

    check('a ticket is the batch in words, in both languages', async page => {
        for (const [lang, says] of [['en', /Made|Lost/], ['zh', /盈利|亏损/]]) {
            await openHydrated(page, `/admin/batches/${everything}?action=ticket&lang=${lang}`)
            assert.match(await page.locator('#dialog textarea').inputValue(), says)
            assert.match(await page.locator('#dialog textarea').inputValue(), new RegExp(everything))
            await assertAccessible(page)
            await page.keyboard.press('Escape')
            await page.waitForFunction(() => !document.querySelector('#dialog'))
        }
    })

    for (const [name, options] of [['with JavaScript', {}], ['without JavaScript', off]]) {
        check(`a batch is canceled ${name}: what it would do is said first, and it asks why`, async page => {
            const id = await orders.submit(`cancel ${name}`, Array.from({ length: 40 }, (_, n) => ({ prompt: `take ${n + 1} [[ok]] [[slow:${n < 4 ? '1s' : '300s'}]]` })))
            await page.goto(`/admin/batches/${id}`)
            await page.getByRole('link', { name: 'Cancel batch' }).click()
            const dialog = page.locator('#dialog')
            await dialog.waitFor()
            assert.match(await dialog.innerText(), /Given back now, never started/)
            if (name === 'with JavaScript') await assertAccessible(page)
            await dialog.locator('textarea').fill('the customer asked by mail')
            await dialog.locator('button.danger').click()
            await page.waitForURL(url => !url.search.includes('action'))
            assert.match(await page.locator('.origin').innerText(), /Cancellation asked for.*the customer asked by mail/s)
            await page.goto(`/admin/batches/${id}?action=cancel`)
            assert.equal(await page.locator('#dialog textarea').count(), 0, 'it is canceled once')
        }, options)
    }
})
