// The audit log, the keys of a customer, and its history: as an owner sees them, with WASM and without.
import { after, before, describe, test } from 'node:test'
import assert from 'node:assert/strict'
import { assertAccessible, baseUrl, keepScreenshot, launch, openHydrated, withPage } from './browser.mjs'

const off = { javaScriptEnabled: false }
const phone = { viewport: { width: 390, height: 844 } }
const dark = { colorScheme: 'dark' }
const desktop = { viewport: { width: 1440, height: 900 } }
const rows = 'section.card table tbody tr'

let browser
before(async () => { browser = await launch() })
after(() => browser?.close())

const check = (name, body, options = {}) => test(name, () => withPage(browser, options, body))

/** Path of a customer of the demo. */
async function aCustomer(page) {
    await page.goto('/admin/customers')
    return page.locator('table tbody a[href*="/admin/customers/cus_"]').first().getAttribute('href')
}

describe('audit log', () => {
    check('says who did what, newest first, and is reached from every page', async page => {
        await openHydrated(page, '/admin')
        await page.locator('nav a[href="/admin/audit"]').click()
        await page.waitForURL('**/admin/audit')
        await page.locator(rows).first().waitFor()
        assert.equal((await page.locator('h1').innerText()).trim(), 'Audit log')
        assert.match(await page.locator('main').innerText(), /Credits added[\s\S]*finance@example\.com|finance@example\.com[\s\S]*Credits added/)
        await assertAccessible(page)
        await keepScreenshot(page, 'audit')
    }, desktop)

    check('is filtered by a form that the address keeps, without WASM', async page => {
        await page.goto('/admin/audit')
        await page.locator('select[name=action]').selectOption('credits.granted')
        await page.locator('input[name=who]').fill('finance@example.com')
        await page.locator('.audit-filters button').click()
        await page.waitForURL(/who=finance%40example\.com.*action=credits\.granted|action=credits\.granted/)
        const shown = await page.locator(rows).allInnerTexts()
        assert.ok(shown.length > 0 && shown.every(text => text.includes('Credits added') && text.includes('finance@example.com')), shown.join('\n'))
        await page.goto('/admin/audit?who=nobody-of-this-name')
        assert.match(await page.locator('main').innerText(), /Nothing matches/)
        assert.ok(await page.locator('a', { hasText: 'Clear filters' }).count() >= 1)
    }, off)

    check('leads to its file with the same filters', async page => {
        await openHydrated(page, '/admin/audit?action=credits.granted')
        const href = await page.locator('a.export').getAttribute('href')
        assert.equal(href, '/api/admin/audit.csv?action=credits.granted')
        const answer = await page.request.get(href)
        assert.equal(answer.status(), 200)
        const lines = (await answer.text()).trim().split('\r\n')
        assert.ok(lines.length > 1 && lines.slice(1).every(line => line.includes(',credits.granted,')), lines.slice(0, 3).join('\n'))
    })

    check('speaks Chinese, and fits a telephone', async page => {
        await openHydrated(page, '/admin/audit?lang=zh')
        assert.equal((await page.locator('h1').innerText()).trim(), '审计日志')
        assert.match(await page.locator('main').innerText(), /添加积分/)
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
        assert.ok(wide <= 0, `${wide} pixels too wide`)
        await assertAccessible(page)
        await keepScreenshot(page, 'audit-zh-phone')
    }, phone)

    check('is reached from a batch, and then shows what was done to it', async page => {
        const batch = (await (await page.request.get('/api/admin/batches?limit=1')).json()).data[0].id
        await page.goto(`/admin/batches/${batch}?tab=timeline`)
        await page.getByRole('link', { name: 'What operators did' }).click()
        await page.waitForURL(`**/admin/audit?object=${batch}`)
        assert.equal(await page.locator('input[name=object]').inputValue(), batch)
    }, off)

    check('is not offered to who may not read it', async page => {
        await page.goto('/admin')
        assert.equal(await page.locator('nav a[href="/admin/audit"]').count(), 0)
        const batch = (await (await page.request.get('/api/admin/batches?limit=1')).json()).data[0].id
        await page.goto(`/admin/batches/${batch}?tab=timeline`)
        assert.equal(await page.getByRole('link', { name: 'What operators did' }).count(), 0)
    }, { role: 'support', ...off })
})

describe('keys of a customer', () => {
    const fill = async (page, name) => {
        await page.locator('.new-key > summary').click()
        await page.locator('.new-key input[name=name]').fill(name)
        await page.locator('.new-key input[name=rate]').fill('120')
        await page.locator('.new-key input[value=submit]').uncheck()
    }

    for (const [how, options] of [['with WASM', desktop], ['without WASM', { ...off, ...desktop }]]) {
        check(`a key is made, its secret is shown once, and it is revoked, ${how}`, async page => {
            const path = `${await aCustomer(page)}?tab=keys`
            if (options.javaScriptEnabled === false) await page.goto(path)
            else await openHydrated(page, path)
            await fill(page, `browser ${how}`)
            await page.locator('.new-key button[type=submit]').click()
            const shown = page.locator('.panel-note.secret code')
            await shown.waitFor()
            const secret = (await shown.innerText()).trim()
            assert.match(secret, /^bb_[0-9A-Za-z]{49}$/)
            assert.ok(!page.url().includes('bb_'), page.url())
            if (options.javaScriptEnabled !== false) {
                await page.locator('[data-hydrated="true"]').first().waitFor({ state: 'attached' })
                assert.equal((await shown.innerText()).trim(), secret, 'it stays when WASM takes over')
                await assertAccessible(page)
                await keepScreenshot(page, 'customer-key-made')
            }
            const asks = (method, address) => fetch(`${baseUrl}${address}`, { method, headers: { authorization: `Bearer ${secret}` } })
            assert.equal((await asks('GET', '/api/v1/credits')).status, 200)
            assert.equal((await (await asks('POST', '/api/v1/batches')).json()).code, 'insufficient_scope')

            await page.goto(path)
            assert.ok(!(await page.content()).includes(secret), 'it is not shown again')
            const row = page.locator(rows, { hasText: `browser ${how}` })
            assert.match(await row.innerText(), /in use/)
            await row.locator('.sure summary').click()
            await row.locator('.sure button').click()
            await page.locator(rows, { hasText: `browser ${how}` }).locator('.badge', { hasText: 'revoked' }).waitFor()
            assert.equal((await asks('GET', '/api/v1/credits')).status, 401)
        }, options)
    }

    check('shows what each may do and how much it was used', async page => {
        await openHydrated(page, `${await aCustomer(page)}?tab=keys`)
        await page.locator(rows).first().waitFor()
        await assertAccessible(page)
        await keepScreenshot(page, 'customer-keys')
        await page.locator(`${rows} a[href*="key=key_"]`).first().click()
        await page.waitForURL(/key=key_/)
        await page.locator('h3', { hasText: 'Requests a day' }).waitFor()
    }, { ...dark, ...desktop })

    check('what was done to the customer is in its history', async page => {
        await openHydrated(page, `${await aCustomer(page)}?tab=history`)
        await page.locator(rows).first().waitFor()
        assert.match(await page.locator('main').innerText(), /Credits added/)
        await assertAccessible(page)
        await keepScreenshot(page, 'customer-history')
    }, desktop)
})
