// The price page: what everybody sees, also who has not signed in, with the prices of the catalogue.
import { after, before, describe, test } from 'node:test'
import assert from 'node:assert/strict'
import { assertAccessible, keepScreenshot, launch, withPage } from './browser.mjs'

let browser
before(async () => { browser = await launch() })
after(() => browser?.close())

const check = (name, body, options = {}) => test(name, () => withPage(browser, { ...options, role: null }, body))
const noScript = { javaScriptEnabled: false }
const facts = page => page.locator('#quote dl div').evaluateAll(rows => Object.fromEntries(rows.map(row => [row.children[0].textContent, row.children[1].textContent])))

describe('pricing', () => {
    check('says the prices of the catalogue, to everybody', async page => {
        const answer = await page.goto('/pricing')
        assert.equal(answer.headers()['set-cookie'], undefined)
        assert.match(answer.headers()['content-security-policy'], /default-src 'none'/)
        const rows = await page.locator('section').first().locator('tbody tr').allInnerTexts()
        assert.deepEqual(rows.map(row => row.split(/\s*\t\s*/)), [
            ['Sora-2', 'US$0.49', '49', '10 videos', 'US$4.90', '2 min', '15 min'],
            ['Veo-Pro', 'US$5.99', '599', '5 videos', 'US$29.95', '10 min', '40 min'],
        ])
        const growth = await page.locator('tr', { hasText: 'Growth' }).innerText()
        assert.match(growth, /US\$5,000\s+628,950\s+20%[^]*1,050 videos/)
    }, noScript)

    check('the calculator is a form: it needs no script', async page => {
        await page.goto('/pricing?lang=en')
        await page.locator('select').selectOption('veo-pro')
        await page.locator('input[name=videos]').fill('1060')
        await page.locator('button').click()
        await page.waitForURL(/model=veo-pro&videos=1060/)
        assert.equal(await page.locator('.best strong').innerText(), 'US$5,059.90')
        assert.match(await page.locator('.best').innerText(), /Best price: 1,060 × Veo-Pro\s+US\$5,059.90\s+1 × Growth \(US\$5,000\) \+ 5,990 credits at list price/)
        assert.deepEqual(await facts(page), {
            'Pay as you go': 'US$6,349.40', 'You save': 'US$1,289.50 (20%)', 'Credits needed': '634,940', 'Smallest batch': '5 videos', Batches: '1',
        })
        assert.equal(await page.locator('select').inputValue(), 'veo-pro', 'what was asked stays asked')
    }, noScript)

    check('it says what it cannot work out', async page => {
        await page.goto('/pricing?model=veo-pro&videos=4')
        assert.equal(await page.locator('.refusal').innerText(), 'A batch of Veo-Pro has at least 5 videos.')
        await page.goto('/pricing?model=%3Cb%3E&videos=lots')
        assert.equal(await page.locator('.refusal').innerText(), 'Write a whole number of videos.')
        await page.goto('/pricing?videos=99999999')
        assert.match(await page.locator('.refusal').innerText(), /ask for a quote/)
        await page.goto('/pricing?videos=25000&model=sora-2')
        assert.equal((await facts(page)).Batches, '3')
    }, noScript)

    check('with a script it answers while somebody types, and the address keeps up', async page => {
        await page.goto('/pricing?lang=en')
        await page.locator('input[name=videos]').fill('40')
        await page.locator('.best strong', { hasText: 'US$19.60' }).waitFor()
        assert.match(page.url(), /videos=40/)
        await page.reload()
        assert.equal(await page.locator('.best strong').innerText(), 'US$19.60')
        assert.match(await page.locator('.best').innerText(), /Pay as you go is the best price/)
    })

    check('tells search engines the same prices', async page => {
        await page.goto('/pricing')
        const data = JSON.parse(await page.locator('script[type="application/ld+json"]').textContent())
        const offers = data.hasOfferCatalog.itemListElement.map(({ name, price, priceCurrency }) => [name, price, priceCurrency])
        assert.deepEqual(offers, [
            ['Sora-2', '0.49', 'USD'], ['Veo-Pro', '5.99', 'USD'],
            ['Starter', '2000.00', 'USD'], ['Growth', '5000.00', 'USD'], ['Scale', '10000.00', 'USD'],
        ])
    }, noScript)

    check('speaks the language of the browser, or the one in the address', async page => {
        await page.goto('/pricing')
        assert.equal(await page.locator('html').getAttribute('lang'), 'zh-Hans')
        assert.match(await page.locator('h1').innerText(), /只为成功的视频付费/)
        await page.locator('nav a', { hasText: 'English' }).click()
        assert.equal(await page.locator('html').getAttribute('lang'), 'en')
    }, { ...noScript, locale: 'zh-CN' })

    for (const [name, address, options] of [
        ['pricing', '/pricing', {}],
        ['pricing-dark', '/pricing?videos=5000', { colorScheme: 'dark' }],
        ['pricing-zh', '/pricing?lang=zh', {}],
        ['pricing-phone', '/pricing', { viewport: { width: 390, height: 844 } }],
        ['pricing-phone-zh', '/pricing?lang=zh', { viewport: { width: 390, height: 844 } }],
    ]) {
        check(`${name} is accessible`, async page => {
            await page.goto(address)
            await assertAccessible(page)
            const width = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
            assert.equal(width, 0, 'nothing is wider than the page')
            await keepScreenshot(page, name)
        }, options)
    }

    check('prints what matters on one sheet', async page => {
        await page.goto('/pricing?videos=5000')
        await page.emulateMedia({ media: 'print' })
        assert.equal(await page.locator('form').isVisible(), false)
        assert.ok(await page.locator('#quote').isVisible())
        await keepScreenshot(page, 'pricing-print')
        const sheet = (await page.pdf({ format: 'A4', margin: { top: '15mm', bottom: '15mm', left: '15mm', right: '15mm' } })).toString('latin1')
        assert.equal(sheet.match(/\/Type \/Page\b/g).length, 1, 'one page')
    })
})
