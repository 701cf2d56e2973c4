// The frame around every page: preferences, refresh clock, keyboard, help; with WASM and without, wide and narrow.
import { after, before, describe, test } from 'node:test'
import assert from 'node:assert/strict'
import { asksForPart, assertAccessible, baseUrl, keepScreenshot, launch, openHydrated, withPage } from './browser.mjs'

const list = '/admin/batches'
const phone = { viewport: { width: 390, height: 844 } }
const off = { javaScriptEnabled: false }

let browser
before(async () => { browser = await launch() })
after(() => browser?.close())

const check = (name, body, options = {}) => test(name, () => withPage(browser, options, body))
const html = page => page.locator('html')
const cookieOf = async page => (await page.context().cookies()).find(({ name }) => name === 'batchbook_preferences')?.value

/** Chooses one of a group and fills in texts, then saves. */
async function save(page, choices, texts = {}) {
    for (const [name, value] of Object.entries(choices)) {
        await page.locator(`input[name="${name}"][value="${value}"]`).check({ force: true })
    }
    for (const [name, text] of Object.entries(texts)) await page.locator(`input[name="${name}"]`).fill(text)
    await page.locator('form.preferences button[type=submit]').click()
}

describe('preferences', () => {
    for (const [how, options] of [['with WASM', {}], ['without JavaScript', off]]) {
        check(`are kept and lead back, ${how}`, async page => {
            await page.goto(`${list}?lang=en`)
            await page.locator('a.gear').click()
            await page.waitForURL('**/admin/preferences**')
            await save(page, { theme: 'dark', zone: 'other', density: 'compact', refresh: '30', keys: 'off' }, { zone_name: 'shanghai' })
            await page.waitForURL(url => url.pathname === list)
            for (let loads = 0; loads < 2; loads++) {
                assert.equal(await html(page).getAttribute('data-theme'), 'dark')
                assert.equal(await html(page).getAttribute('data-density'), 'compact')
                assert.match(await page.locator('td.moment').first().getAttribute('title'), /\+08/)
                await page.reload()
            }
            assert.equal(await cookieOf(page), 'theme=dark&zone=Asia/Shanghai&density=compact&refresh=30&keys=off')
        }, options)

        check(`a zone that is none is asked for again, ${how}`, async page => {
            await page.goto('/admin/preferences?next=%2Fadmin%2Fbatches')
            await save(page, { theme: 'light', zone: 'other' }, { zone_name: 'Atlantis' })
            await page.waitForURL('**/admin/preferences**')
            assert.equal(await page.locator('input[name=zone_name]').inputValue(), 'Atlantis')
            assert.equal(await page.locator('input[name=zone_name]').getAttribute('aria-invalid'), 'true')
            assert.match(await page.locator('#zone-wrong').innerText(), /Atlantis/)
            assert.equal(await html(page).getAttribute('data-theme'), 'light')
            await assert.doesNotReject(page.locator('h1').waitFor())
        }, options)
    }

    check('the language of the preferences holds where the address names none', async page => {
        await openHydrated(page, '/admin/preferences?lang=en')
        await save(page, { lang: 'zh' })
        await page.goto(list)
        assert.match(await html(page).getAttribute('lang'), /^zh/)
        assert.doesNotMatch(await page.locator('.row-link').first().getAttribute('href'), /lang=/)
        await page.goto(`${list}?lang=en`)
        assert.match(await html(page).getAttribute('lang'), /^en/)
        assert.match(await page.locator('.row-link').first().getAttribute('href'), /lang=en/)
    })

    check('the zone of the browser can be chosen', async page => {
        await openHydrated(page, '/admin/preferences')
        await save(page, { zone: 'America/New_York' })
        await page.waitForURL(url => url.pathname !== '/admin/preferences')
        await openHydrated(page, list)
        assert.match(await page.locator('td.moment').first().getAttribute('title'), /-0[45]/)
        assert.match(await cookieOf(page), /zone=America\/New_York/)
    }, { timezoneId: 'America/New_York' })

    check('the page shows the same before and after WASM takes over, in any zone of the browser', async page => {
        await page.context().addCookies([{ name: 'batchbook_preferences', value: 'zone=Australia/Lord_Howe', url: baseUrl }])
        const answer = await page.request.get(list, { headers: { accept: 'text/html' } })
        const [served] = (await answer.text()).match(/20\d\d-\d\d-\d\d \d\d:\d\d:\d\d \+1[01](:30)?/)
        await openHydrated(page, list)
        assert.ok((await page.locator('td.moment').first().getAttribute('title')).includes(served))
    }, { timezoneId: 'Pacific/Apia' })

    check('are accessible', async page => {
        await openHydrated(page, '/admin/preferences')
        await assertAccessible(page)
        await keepScreenshot(page, 'preferences')
    })

    check('are accessible in the dark, in Chinese, on a phone', async page => {
        await openHydrated(page, '/admin/preferences?lang=zh&zone=%E5%8C%97%E4%BA%AC')
        await assertAccessible(page)
        await keepScreenshot(page, 'preferences-zh-dark-phone')
        assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), 'nothing is cut off')
    }, { ...phone, colorScheme: 'dark' })

    check('a form of another site changes nothing', async page => {
        const answer = await page.request.post('/admin/preferences', { form: { theme: 'dark' }, headers: { 'sec-fetch-site': 'cross-site' } })
        assert.equal(answer.status(), 403)
    })
})

describe('keyboard', () => {
    check('? shows all shortcuts, and Esc leads back', async page => {
        await openHydrated(page, list)
        await page.keyboard.press('?')
        const help = page.locator('dialog#help')
        await help.waitFor()
        assert.ok(await help.locator('kbd').count() >= 14)
        await assertAccessible(page)
        await keepScreenshot(page, 'help')
        await page.keyboard.press('j')
        await page.keyboard.press('Escape')
        await help.waitFor({ state: 'hidden' })
        assert.equal(await page.evaluate(() => document.activeElement.closest('table')), null, 'keys rest while a dialog is open')
    })

    check('the help button does the same', async page => {
        await openHydrated(page, list)
        await page.locator('#help-button').click()
        await page.locator('dialog#help button').click()
        await page.locator('dialog#help').waitFor({ state: 'hidden' })
        assert.equal(await page.evaluate(() => document.activeElement.id), 'help-button')
    })

    check('j and k move over rows, Enter opens, g b leads back and the focus is at the beginning', async page => {
        await openHydrated(page, list)
        const at = () => page.evaluate(() => [...document.querySelectorAll('main .row-link')].indexOf(document.activeElement))
        await page.keyboard.press('j')
        await page.keyboard.press('j')
        assert.equal(await at(), 1)
        await page.keyboard.press('k')
        await page.keyboard.press('k')
        assert.equal(await at(), 0)
        await page.keyboard.press('Enter')
        await page.waitForURL('**/admin/batches/bat_*')
        await page.locator('.tabs').waitFor()
        assert.equal(await page.evaluate(() => document.activeElement.id), 'main')
        await page.keyboard.press('g')
        await page.keyboard.press('b')
        await page.waitForURL(url => url.pathname === list)
    })

    check('] and [ turn pages', async page => {
        await openHydrated(page, list)
        const newest = await page.locator('main a.row-link').first().getAttribute('href')
        await page.keyboard.press(']')
        await page.waitForURL('**/admin/batches?**')
        await page.locator('main a[rel~=prev]').first().waitFor()
        await page.keyboard.press('[')
        await page.locator(`main a.row-link[href="${newest}"]`).waitFor()
    })

    check('t changes the theme, and it stays', async page => {
        await openHydrated(page, list)
        await page.keyboard.press('t')
        await page.keyboard.press('t')
        assert.equal(await html(page).getAttribute('data-theme'), 'dark')
        await openHydrated(page, list)
        assert.equal(await html(page).getAttribute('data-theme'), 'dark')
        await page.keyboard.press('t')
        assert.equal(await html(page).getAttribute('data-theme'), null)
    })

    check('says nothing to what is written, and nothing with other keys held', async page => {
        await openHydrated(page, '/admin/preferences')
        await page.locator('input[name=zone_name]').focus()
        await page.keyboard.type('t?rj')
        assert.equal(await page.locator('input[name=zone_name]').inputValue(), 't?rj')
        await page.locator('h1').click()
        await page.keyboard.press('Alt+t')
        assert.equal(await html(page).getAttribute('data-theme'), null)
    })

    check('can be switched off', async page => {
        await openHydrated(page, '/admin/preferences')
        await save(page, { keys: 'off' })
        await openHydrated(page, list)
        await page.keyboard.press('t')
        await page.keyboard.press('?')
        assert.equal(await html(page).getAttribute('data-theme'), null)
        assert.equal(await page.locator('dialog#help').isVisible(), false)
    })
})

describe('refresh clock', () => {
    check('is paused and resumed by key and by button', async page => {
        await openHydrated(page, list)
        const pace = page.locator('.pace')
        await page.keyboard.press('r')
        assert.equal(await pace.getAttribute('data-pace'), 'paused')
        assert.match(await page.locator('.utilities [role=status]').innerText(), /paused/i)
        await pace.click()
        assert.notEqual(await pace.getAttribute('data-pace'), 'paused')
    })

    check('can be off', async page => {
        await openHydrated(page, '/admin/preferences')
        await save(page, { refresh: '0' })
        await openHydrated(page, list)
        assert.equal(await page.locator('.pace').getAttribute('data-pace'), 'off')
    })

    check('asks for nothing while it is paused or the tab is hidden', async page => {
        await openHydrated(page, '/admin/preferences')
        await save(page, { refresh: '1' })
        await openHydrated(page, list)
        if (await page.locator('.pace').getAttribute('data-pace') !== 'live') return // every batch has ended by now
        const asked = async ms => {
            let count = 0
            const heard = request => { count += asksForPart(request) }
            page.on('request', heard)
            await page.waitForTimeout(ms)
            page.off('request', heard)
            return count
        }
        assert.ok(await asked(3_500) > 0)
        await page.keyboard.press('r')
        await page.waitForTimeout(500)
        assert.equal(await asked(2_500), 0)
        await page.keyboard.press('r')
        await page.evaluate(() => Object.defineProperty(document, 'hidden', { value: true, configurable: true }))
        await page.waitForTimeout(500)
        assert.equal(await asked(2_500), 0)
        await page.evaluate(() => { delete document.hidden })
        assert.ok(await asked(3_500) > 0)
    })

    check('never comes between a click and its page', async page => {
        await openHydrated(page, '/admin/preferences')
        await save(page, { refresh: '1' })
        await openHydrated(page, list)
        await page.route('**/admin/customers', async route => {
            await new Promise(resolve => setTimeout(resolve, 2_500))
            await route.continue()
        })
        await page.locator('.side [data-go=c]').click()
        assert.equal(await page.locator('main').getAttribute('aria-busy'), 'true')
        await page.waitForURL(/\/admin\/customers$/)
        await page.locator('main:not([aria-busy]) .customer-search').waitFor()
    })

    check('leads to the sign-in when the session is over', async page => {
        await openHydrated(page, '/admin/preferences')
        await save(page, { refresh: '1' })
        await openHydrated(page, list)
        await page.context().clearCookies()
        await page.waitForURL(/\/login\?next=/)
    })

    check('is not offered where it could do nothing', async page => {
        await page.goto(list)
        assert.equal(await page.locator('.pace').isVisible(), false)
        assert.equal(await page.locator('#help-button').isVisible(), false)
    }, off)
})

describe('frame', () => {
    check('the skip link leads to the content', async page => {
        await openHydrated(page, list)
        await page.keyboard.press('Tab')
        assert.equal(await page.evaluate(() => document.activeElement.className), 'skip')
        await page.keyboard.press('Enter')
        assert.match(page.url(), /#main$/)
    })

    for (const [name, options] of [['light', {}], ['dark', { colorScheme: 'dark' }]]) {
        check(`is a bar at phone width, ${name}`, async page => {
            await openHydrated(page, list)
            const side = await page.locator('.side').boundingBox()
            assert.ok(side.width >= 380 && side.height <= 130, `${side.width} × ${side.height}`)
            assert.ok(await page.locator('a.gear').isVisible())
            await assertAccessible(page)
            await keepScreenshot(page, `shell-phone-${name}`)
        }, { ...phone, ...options })

        check(`is a side bar on a desk, ${name}`, async page => {
            await openHydrated(page, list)
            await assertAccessible(page)
            await keepScreenshot(page, `shell-${name}`)
        }, { viewport: { width: 1440, height: 900 }, ...options })
    }

    check('files are asked for by the hash of what is in them, and kept', async page => {
        const built = []
        page.on('response', response => { if (new URL(response.url()).pathname.startsWith('/pkg/')) built.push(response) })
        await openHydrated(page, list)
        const names = built.map(response => new URL(response.url()).pathname)
        for (const ending of ['.js', '.wasm', '.css']) {
            assert.ok(names.some(name => /^\/pkg\/[0-9a-f]{16}\//.test(name) && name.endsWith(ending)), `${ending} in ${names}`)
        }
        for (const response of built) assert.match((await response.allHeaders())['cache-control'], /immutable/, response.url())
    })

    check('an answer of the console has a name, and it is ours', async page => {
        const answer = await page.request.get(list, { headers: { 'x-request-id': 'chosen' } })
        assert.match(answer.headers()['x-request-id'], /^req_[a-z2-7]{26}$/)
    })
})

describe('search', () => {
    const field = page => page.locator('#search')
    const options = page => page.locator('#suggestions [role=option]')

    check('/ leads to the field; arrows and Enter open a suggestion', async page => {
        await openHydrated(page, list)
        await page.keyboard.press('/')
        assert.equal(await page.evaluate(() => document.activeElement.id), 'search')
        await page.keyboard.type('NORTHWIND')
        await options(page).first().waitFor()
        assert.equal(await field(page).getAttribute('aria-expanded'), 'true')
        await assertAccessible(page)
        await keepScreenshot(page, 'search-suggestions')
        await page.keyboard.press('ArrowDown')
        const chosen = await field(page).getAttribute('aria-activedescendant')
        assert.equal(await page.locator(`#${chosen}`).getAttribute('aria-selected'), 'true')
        await page.keyboard.press('Enter')
        await page.waitForURL('**/admin/customers/cus_*')
    })

    check('Esc closes the suggestions and keeps the text; a click opens one', async page => {
        await openHydrated(page, list)
        await page.keyboard.press('Control+k')
        await page.keyboard.type('oak')
        await options(page).first().waitFor()
        await page.keyboard.press('Escape')
        await page.locator('#suggestions').waitFor({ state: 'hidden' })
        await page.keyboard.type(' ')
        await options(page).first().click()
        await page.waitForURL('**/admin/customers/cus_*')
    })

    check('an id opens what it is of', async page => {
        await openHydrated(page, list)
        const href = await page.locator('main .row-link').first().getAttribute('href')
        await field(page).fill(`${href.split('/').pop()}/tasks/3`)
        await field(page).press('Enter')
        await page.waitForURL('**/admin/batches/bat_*?task=3')
    })

    check('works without JavaScript: one exact thing is opened, others are listed', async page => {
        await page.goto(list)
        const id = (await page.locator('main .row-link').first().getAttribute('href')).split('/').pop()
        await field(page).fill(id)
        await field(page).press('Enter')
        await page.waitForURL(`**/admin/batches/${id}`)
        await field(page).fill('example')
        await field(page).press('Enter')
        await page.waitForURL('**/admin/search?q=example')
        assert.ok(await page.locator('.hits .hit').count() > 1)
        await keepScreenshot(page, 'search')
    }, off)

    check('says what can be looked for where nothing is found, on a phone, in the dark, in Chinese', async page => {
        await openHydrated(page, '/admin/search?q=%3Cscript%3Ealert(1)%3C%2Fscript%3E&lang=zh')
        assert.match(await page.locator('.panel-note').innerText(), /bat_/)
        await assertAccessible(page)
        assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), 'nothing is cut off')
        await field(page).fill('example')
        await options(page).first().waitFor()
        await keepScreenshot(page, 'search-phone-zh-dark')
    }, { ...phone, colorScheme: 'dark' })
})
