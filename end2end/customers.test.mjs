// Customers: find one, read its books, its grants, its ledger and its keys; with WASM and without.
import { after, before, describe, test } from 'node:test'
import assert from 'node:assert/strict'
import { assertAccessible, keepScreenshot, launch, openHydrated, withPage } from './browser.mjs'

const customerLink = 'table tbody a[href*="/admin/customers/cus_"]'
const off = { javaScriptEnabled: false }
const phone = { viewport: { width: 390, height: 844 } }
const dark = { colorScheme: 'dark' }
const desktop = { viewport: { width: 1440, height: 900 } }

let browser
before(async () => { browser = await launch() })
after(() => browser?.close())

const check = (name, body, options = {}) => test(name, () => withPage(browser, options, body))

/** Path of the customer that did most. */
async function busiest(page) {
    await page.goto('/admin/customers')
    const rows = await page.locator('table tbody tr').evaluateAll(rows => rows.map(row => ({
        href: row.querySelector('a').getAttribute('href'),
        spent: Number(row.cells[4].textContent.replace(/\D/g, '')),
    })))
    return rows.sort((a, b) => b.spent - a.spent)[0].href
}

const numbers = text => (text.match(/\d[\d,]*/g) ?? []).map(number => Number(number.replaceAll(',', '')))

describe('list of customers', () => {
    check('shows what each can spend, and leads to it', async page => {
        await openHydrated(page, '/admin/customers')
        assert.equal((await page.locator('h1').innerText()).trim(), 'Customers')
        assert.ok(await page.locator(customerLink).count() >= 6)
        await assertAccessible(page)
        await keepScreenshot(page, 'customers')
        await page.evaluate(() => { window.stillHere = true })
        await page.locator(customerLink).first().click()
        await page.waitForURL('**/admin/customers/cus_**')
        await page.locator('.strip').waitFor()
        assert.equal(await page.evaluate(() => window.stillHere), true)
    }, desktop)

    check('is searched by a part of a name', async page => {
        await openHydrated(page, '/admin/customers')
        const name = (await page.locator(customerLink).last().innerText()).trim()
        await page.locator('.customer-search input[name=q]').fill(name.slice(1, 5).toUpperCase())
        await page.locator('form.customer-search button').click()
        await page.waitForURL(/q=/)
        const found = await page.locator(customerLink).allInnerTexts()
        assert.ok(found.some(text => text.trim() === name), `${found} holds ${name}`)
        await page.goto('/admin/customers?q=%3Cscript%3E')
        assert.match(await page.locator('main').innerText(), /No customer matches/)
        assert.equal(await page.locator('.customer-search input[name=q]').inputValue(), '<script>')
    })
})

describe('one customer', () => {
    check('two witnesses agree, and the equation is true', async page => {
        await openHydrated(page, await busiest(page))
        const [granted, ...parts] = numbers(await page.locator('.strip .equation').innerText())
        assert.equal(parts.slice(0, 4).reduce((sum, part) => sum + part, 0), granted)
        assert.match(await page.locator('.strip .verdict').innerText(), /agree/)
        const totals = await page.locator('tr.total td').allInnerTexts()
        assert.equal(numbers(totals[2])[0], granted, 'the grants add up to what was granted')
    })

    for (const tab of ['grants', 'ledger', 'keys', 'credits']) {
        check(`section ${tab} is an address of its own, and accessible`, async page => {
            const customer = await busiest(page)
            await openHydrated(page, `${customer}?tab=${tab}`)
            assert.ok(await page.locator(tab === 'credits' ? '.rows form' : '.rows table tbody tr').count() > 0)
            await assertAccessible(page)
            await keepScreenshot(page, `customer-${tab}`)
        }, desktop)
    }

    check('the ledger is turned page by page, filtered, and pointed into', async page => {
        const customer = await busiest(page)
        await openHydrated(page, `${customer}?tab=ledger`)
        const id = () => page.locator('.rows tbody tr a[id^=txn_]').first().getAttribute('id')
        const newest = await id()
        await page.locator('.pager a[rel=next]').click()
        await page.waitForURL(/before=txn_/)
        await page.waitForFunction(newest => document.querySelector('.rows tbody a[id^=txn_]').id !== newest, newest)
        const older = await id()
        await page.locator('.pager a[rel=prev]').click()
        await page.waitForURL(/after=txn_/)
        await page.waitForFunction(newest => document.querySelector('.rows tbody a[id^=txn_]').id === newest, newest)
        await page.locator('.kinds a[href*="kind=purchase"]').click()
        await page.waitForURL(/kind=purchase/)
        await page.waitForFunction(() => [...document.querySelectorAll('.rows tbody tr')].every(row => row.cells[1].textContent === 'purchase'))
        await page.goto(`${customer}?tab=ledger&at=${older}#${older}`)
        assert.equal(await id(), older)
        assert.notEqual(await page.locator('.rows tbody tr').first().locator('td').first().evaluate(cell => getComputedStyle(cell).backgroundColor), 'rgba(0, 0, 0, 0)')
    }, desktop)

    check('what is nobody is said to be nobody', async page => {
        page.removeAllListeners('response')
        page.removeAllListeners('console')
        const response = await page.goto('/admin/customers/cus_nobody')
        assert.equal(response.status(), 404)
        assert.match(await page.locator('h1').innerText(), /not found/)
        assert.equal((await page.goto('/admin/customers?before=abc&after=1')).status(), 200)
    })

    check('on a phone, dark, in Chinese', async page => {
        const customer = await busiest(page)
        for (const tab of ['grants', 'ledger', 'credits']) {
            await openHydrated(page, `${customer}?tab=${tab}&lang=zh`)
            assert.match(await page.locator('.tabs').innerText(), /账本/)
            assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'nothing is wider than the phone')
            await assertAccessible(page)
            await keepScreenshot(page, `customer-${tab}-phone-dark-zh`)
        }
        await openHydrated(page, '/admin/customers?lang=zh')
        await keepScreenshot(page, 'customers-phone-dark-zh')
    }, { ...phone, ...dark })
})

/** What a customer can spend, as its strip says. */
async function available(page, customer) {
    await page.goto(customer)
    return numbers(await page.locator('.strip .equation .key.good').innerText())[0]
}

/** Fills the form in and asks what it would do. */
async function preview(page, customer, fields) {
    await page.goto(`${customer}?tab=credits`)
    for (const [name, value] of Object.entries(fields)) {
        const field = page.locator(`.credit-form [name=${name}]`)
        await (name === 'do' ? field.selectOption(value) : field.fill(value))
    }
    await page.locator('.credit-form button').click()
    await page.waitForURL(/credits=|reason=/)
}

/** Adds and takes back in the browser; the same with and without JavaScript. */
async function addsAndTakesBack(page) {
    const customer = await quietest(page)
    const before = await available(page, customer)
    await preview(page, customer, { do: 'promo', credits: '1,000', expires: '2030-12-31', reason: 'Trial & error <b>' })
    const shown = numbers(await page.locator('.credit-preview dl').innerText())
    assert.deepEqual(shown.slice(0, 2), [before, before + 1000])
    assert.equal(await page.locator('.credit-preview tbody tr').count(), 2)
    await page.locator('form.confirm button').click()
    await page.waitForURL(/tab=ledger#txn_/)
    assert.match(await page.locator('.rows tbody tr').first().innerText(), /promo[\s\S]*\+1,000[\s\S]*owner@example\.com[\s\S]*Trial & error <b>/)
    assert.equal(await available(page, customer), before + 1000)

    await preview(page, customer, { do: 'take_back', credits: '1000', reason: 'It was an error' })
    await page.locator('form.confirm button').click()
    await page.waitForURL(/tab=ledger#txn_/)
    assert.equal(await available(page, customer), before)
    assert.match(await page.locator('.strip .verdict').innerText(), /agree/)
}

/** The customer that does nothing by itself. */
async function quietest(page) {
    await page.goto('/admin/customers')
    return await page.locator('table tbody tr', { hasText: 'Tiny Robot' }).locator('a').first().getAttribute('href')
}

describe('adding and taking back credits', () => {
    check('is previewed, confirmed, and found in the ledger', addsAndTakesBack, desktop)
    check('works without JavaScript', addsAndTakesBack, { ...desktop, ...off })

    check('a form that is sent twice makes one grant', async page => {
        const customer = await quietest(page)
        const before = await available(page, customer)
        await preview(page, customer, { do: 'adjustment', credits: '7', reason: 'sent twice' })
        const body = new URLSearchParams(await page.locator('form.confirm input').evaluateAll(inputs => inputs.map(input => [input.name, input.value])))
        const headers = { 'content-type': 'application/x-www-form-urlencoded', accept: 'text/html', origin: new URL(page.url()).origin }
        const send = () => page.request.post('/admin/data/change_credits', { headers, data: body.toString(), maxRedirects: 0 })
        const answers = await Promise.all([send(), send(), send()])
        assert.deepEqual(answers.map(answer => answer.status()), [302, 302, 302])
        assert.equal(new Set(answers.map(answer => answer.headers().location)).size, 1)
        assert.equal(await available(page, customer), before + 7)
        const foreign = await page.request.post('/admin/data/change_credits', { headers: { ...headers, origin: 'http://evil.example' }, data: body.toString(), maxRedirects: 0 })
        assert.equal(foreign.status(), 403)
    }, desktop)

    check('what makes no sense is said, in words, before anything is done', async page => {
        const customer = await quietest(page)
        for (const [fields, says] of [
            [{ do: 'purchase', credits: '100', reason: 'r' }, /what was paid/],
            [{ do: 'purchase', credits: '1.5', paid: '2', reason: 'r' }, /whole number/],
            [{ do: 'promo', credits: '5' }, /Say why/],
            [{ do: 'take_back', credits: '999999999', reason: 'r' }, /not so much to take back/],
        ]) {
            await preview(page, customer, fields)
            assert.match(await page.locator('.panel-note.error').innerText(), says)
            assert.equal(await page.locator('form.confirm').count(), 0)
        }
        await keepScreenshot(page, 'customer-credits-refused')
    }, desktop)

    for (const [name, options, lang] of [['desktop', desktop, ''], ['phone-dark-zh', { ...phone, ...dark }, '&lang=zh']]) {
        check(`the preview is accessible: ${name}`, async page => {
            const customer = await quietest(page)
            await openHydrated(page, `${customer}?tab=credits&do=take_back&credits=500&reason=Granted+twice${lang}`)
            await page.locator('form.confirm').waitFor()
            await assertAccessible(page)
            assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'nothing is wider than the screen')
            await keepScreenshot(page, `customer-credits-preview-${name}`)
        }, options)
    }
})

describe('without JavaScript', () => {
    check('search, sections and pages are plain links and forms', async page => {
        const customer = await busiest(page)
        await page.goto('/admin/customers')
        await page.locator('.customer-search input[name=q]').fill('example')
        await page.locator('form.customer-search button').click()
        assert.match(page.url(), /q=example/)
        await page.goto(customer)
        await page.locator('.tabs a[href*="tab=ledger"]').click()
        assert.ok(await page.locator('.rows tbody tr').count() > 0)
        await page.locator('.pager a[rel=next]').click()
        assert.match(page.url(), /before=txn_/)
        assert.ok(await page.locator('.rows tbody tr').count() > 0)
    }, off)
})
