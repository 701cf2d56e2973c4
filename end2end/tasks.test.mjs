// The tab of tasks and an open task: filters, pages, the drawer; with WASM and without; with prompts that mean harm.
import { after, before, describe, test } from 'node:test'
import assert from 'node:assert/strict'
import { asksForPart, assertAccessible, keepScreenshot, launch, openHydrated, withPage } from './browser.mjs'
import { Orderer } from './orders.mjs'

const off = { javaScriptEnabled: false }
const desktop = { viewport: { width: 1440, height: 900 } }
const phone = { viewport: { width: 390, height: 844 } }
const quick = '[[ok]] [[slow:200ms]]'

const nasty = [
    `<script>window.harmed = 1</script> ${quick}`,
    `</script><img src=x onerror="window.harmed = 1"> ${quick}`,
    `\u202eright to left \u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627 ${quick}`,
    `🗼👩‍👩‍👧‍👦🏳️‍🌈 emoji ${quick}`,
    'W'.repeat(9_970) + ` ${quick}`,
    `line\nbreaks\tand "quotes" & ampersands ${quick}`,
]

let browser, orders, filtered, running, hostile

before(async () => {
    browser = await launch()
    orders = new Orderer('Tasks', 'tasks@example.com')
    const kinds = ['[[ok]]', '[[ok]]', '[[fail:timeout]]', '[[ok]]', '[[fail:content_policy_input]]', '[[ok]]']
    filtered = await orders.submit('filtered', Array.from({ length: 180 }, (_, n) => ({
        prompt: `A lighthouse at dawn, take ${n + 1} ${kinds[n % kinds.length]} [[slow:200ms]]`,
        custom_id: `scene-${n + 1}`,
        ...(n === 0 ? { aspect_ratio: '16:9', metadata: { shot: 'one' } } : {}),
    })))
    hostile = await orders.submit('hostile', [...nasty, ...Array.from({ length: 6 }, (_, n) => `filler ${n} ${quick}`)].map(prompt => ({ prompt })))
    await orders.finished(filtered)
    await orders.finished(hostile)
})
after(() => browser?.close())

const check = (name, body, options = {}) => test(name, () => withPage(browser, { ...desktop, ...options }, body))
const at = (id, query = '') => `/admin/batches/${id}${query}`
const numbers = page => page.locator('.rows-main tbody .row-link').allInnerTexts()
const total = async page => Number((await page.locator('.pager span').first().innerText()).replace(/.*\D(\d[\d,]*)$/, '$1').replaceAll(',', ''))
const mark = page => page.evaluate(() => { window.stillHere = true })
const isMarked = page => page.evaluate(() => window.stillHere === true)
const drawer = page => page.locator('aside.drawer')
const isFocused = (page, selector) => page.waitForFunction(selector => document.activeElement?.matches(selector), selector)

describe('filters', () => {
    check('states are links with the batch’s own counters, and lead without a reload', async page => {
        await openHydrated(page, at(filtered))
        await mark(page)
        const { total: all, succeeded, failed } = (await orders.batch(filtered)).counts
        const chips = await page.locator('.chips a b').allInnerTexts()
        assert.deepEqual(chips.map(Number), [all, 0, 0, succeeded, failed, 0])
        await page.locator('.chips a.bad').click()
        await page.waitForURL(/state=failed/)
        await page.locator('.chips a.bad[aria-current]').waitFor()
        assert.equal(await total(page), failed)
        assert.ok(await isMarked(page))
        await keepScreenshot(page, 'tasks-failed')
        await assertAccessible(page)
        await page.goBack()
        await page.locator('.chips a[aria-current]').first().waitFor()
        await page.waitForFunction(all => document.querySelector('.pager span').innerText.endsWith(` ${all}`), all)
        await page.goForward()
        await page.waitForFunction(failed => document.querySelector('.pager span').innerText.endsWith(` ${failed}`), failed)
    })

    check('lists lead at once, a text when it is sent, and both are cleared by one link', async page => {
        await openHydrated(page, at(filtered))
        await mark(page)
        await page.locator('select[name=party]').selectOption('customer')
        await page.waitForURL(/party=customer/)
        await page.waitForFunction(() => document.querySelectorAll('.rows-main tbody tr').length === 30)
        await page.locator('main input[name=q]').fill('TAKE 11')
        await page.locator('main input[name=q]').press('Enter')
        await page.waitForURL(/q=TAKE\+11|q=TAKE%2011/)
        await page.waitForFunction(() => [...document.querySelectorAll('.rows-main .row-link')].map(a => a.innerText).join() === '11,113,119')
        assert.ok(await isMarked(page))
        await page.getByRole('link', { name: 'Clear filters' }).click()
        await page.waitForFunction(() => !location.search)
        await page.waitForFunction(() => document.querySelectorAll('.rows-main tbody tr').length === 50)
        assert.ok(await isMarked(page))
    })

    check('what matches nothing says so and leads back', async page => {
        await openHydrated(page, at(filtered, '?state=succeeded&failure=timeout'))
        assert.match(await page.locator('.rows-main').innerText(), /No task matches/)
        await keepScreenshot(page, 'tasks-no-match')
        await page.locator('.panel-note a').click()
        await page.locator('.rows-main tbody tr').first().waitFor()
        await openHydrated(page, at(filtered, '?state=nonsense&party=nobody&failure=%00&q='))
        assert.equal(await total(page), 180)
    })

    check('files have the same tasks', async page => {
        await page.goto(at(filtered, '?state=failed&party=provider'))
        const shown = await total(page)
        const csv = await page.request.get(await page.locator('.export a').first().getAttribute('href'))
        assert.match(csv.headers()['content-type'], /text\/csv/)
        assert.equal((await csv.text()).trim().split('\r\n').length - 1, shown)
        const json = await (await page.request.get(await page.locator('.export a').last().getAttribute('href'))).json()
        assert.equal(json.total, shown)
    })
})

describe('pages', () => {
    check('are turned and jumped to without a reload', async page => {
        await openHydrated(page, at(filtered))
        await mark(page)
        await page.locator('.pager a[rel=next]').click()
        await page.waitForFunction(() => document.querySelector('.rows-main .row-link').innerText === '51')
        await page.locator('.pager input[name=page]').fill('4')
        await page.locator('.pager input[name=page]').press('Enter')
        await page.waitForFunction(() => document.querySelector('.rows-main .row-link').innerText === '151')
        assert.match(page.url(), /page=4/)
        await page.locator('.sizes a').nth(2).click()
        await page.waitForFunction(() => document.querySelectorAll('.rows-main tbody tr').length === 180)
        assert.ok(await isMarked(page))
    })

    for (const [asked, first] of [['0', '1'], ['-1', '1'], ['abc', '1'], ['1000000000', '151'], ['9223372036854775807', '151']]) {
        check(`page ${asked} is a sensible page`, async page => {
            await openHydrated(page, at(filtered, `?page=${asked}`))
            assert.equal((await numbers(page))[0], first)
            await page.goto(at(filtered, `?page=${asked}&state=succeeded&q=take`))
            assert.ok((await numbers(page)).length > 0)
        })
    }
})

describe('an open task', () => {
    check('proves its refund, step by step', async page => {
        await openHydrated(page, at(filtered, '?task=3'))
        const text = await drawer(page).innerText()
        for (const part of ['Held', 'Failed', 'Refunded', 'Balance after', 'timeout', 'generation_timeout']) assert.ok(text.includes(part), part)
        const steps = await drawer(page).locator('.proof li').count()
        assert.equal(steps, 4)
        const links = await drawer(page).locator('.proof-txn').evaluateAll(links => links.map(link => link.getAttribute('href')))
        assert.equal(links.length, 2)
        for (const link of links) assert.match(link, /tab=billing.*#txn_/)
        await assertAccessible(page)
        await keepScreenshot(page, 'task-refunded')
    })

    check('proves its charge, with the revenue', async page => {
        await openHydrated(page, at(filtered, '?task=1'))
        const text = await drawer(page).innerText()
        for (const part of ['Held', 'Succeeded', 'Charged', '16:9', 'scene-1', '"shot"']) assert.ok(text.includes(part), `${part} in ${text}`)
        assert.match(text, /revenue US\$\s?0\.49/)
        await keepScreenshot(page, 'task-charged')
    })

    check('is opened and closed by keyboard; the focus goes in and comes back', async page => {
        await openHydrated(page, at(filtered))
        await page.locator('#task-5').focus()
        await page.keyboard.press('Enter')
        await isFocused(page, '#drawer')
        assert.match(page.url(), /task=5/)
        await page.getByRole('link', { name: 'Next task' }).focus()
        await page.keyboard.press('Enter')
        await page.waitForURL(/task=6/)
        await page.waitForFunction(() => document.querySelector('aside.drawer h2').innerText.endsWith('6'))
        assert.ok(await page.evaluate(() => document.activeElement.closest('.drawer-steps') !== null), 'the focus stays on the link')
        await page.keyboard.press('Escape')
        await page.waitForFunction(() => !document.querySelector('aside.drawer'))
        await isFocused(page, '#task-6')
        assert.doesNotMatch(page.url(), /task=/)
    })

    check('is closed by its button and reopened by going back', async page => {
        await openHydrated(page, at(filtered, '?state=failed'))
        await page.locator('#task-9').click()
        await drawer(page).waitFor()
        await page.getByRole('link', { name: 'Previous task' }).click()
        await page.waitForURL(/task=5\b/)
        await page.getByRole('link', { name: 'Close task' }).click()
        await page.waitForFunction(() => !document.querySelector('aside.drawer'))
        await page.goBack()
        await drawer(page).waitFor()
        assert.match(page.url(), /state=failed&task=5/)
    })

    check('that the batch does not have is said to be missing', async page => {
        await openHydrated(page, at(filtered, '?task=4000'))
        assert.match(await drawer(page).innerText(), /no task with that number/)
    })
})

describe('while the batch runs', () => {
    before(async () => {
        running = await orders.submit('running', Array.from({ length: 60 }, (_, n) => ({ prompt: `Slow take ${n + 1} [[ok]] [[slow:${n < 8 ? '30s' : '300s'}]]` })))
        while ((await orders.batch(running)).counts.processing === 0) await new Promise(resolve => setTimeout(resolve, 300))
    })

    check('rows stay, the open task keeps focus, scroll and selection', async page => {
        await openHydrated(page, at(running, '?state=processing&task=20'))
        const before = await numbers(page)
        assert.ok(before.length > 0)
        await page.locator('.whole-prompt').focus()
        await page.evaluate(() => { window.scrollTo(0, 200); window.heading = document.querySelector('aside.drawer h2') })
        const scrolled = await page.evaluate(() => window.scrollY)
        await page.waitForResponse(response => asksForPart(response.request()), { timeout: 20_000 })
        await page.waitForResponse(response => asksForPart(response.request()), { timeout: 20_000 })
        await page.waitForTimeout(300)
        assert.deepEqual(await numbers(page), before, 'the rows stay in place')
        assert.ok(await page.evaluate(() => document.activeElement.matches('.whole-prompt')), 'the focus stays')
        assert.equal(await page.evaluate(() => window.scrollY), scrolled)
        assert.ok(await page.evaluate(() => window.heading.isConnected), 'the drawer is the same')
        await page.evaluate(() => getSelection().selectAllChildren(document.querySelector('.whole-prompt')))
        let asked = 0
        page.on('request', request => { if (asksForPart(request)) asked += 1 })
        await page.waitForTimeout(6_500)
        assert.equal(asked, 0, 'nothing is refreshed while text is selected')
        assert.match(await page.evaluate(() => String(getSelection())), /Slow take 20/)
        await keepScreenshot(page, 'tasks-running')
    })

    check('rows that changed are announced and shown when asked for', async page => {
        await openHydrated(page, at(running, '?state=processing'))
        const before = await numbers(page)
        await page.locator('.rows-main .newer a').waitFor({ timeout: 40_000 })
        assert.deepEqual(await numbers(page), before)
        await page.locator('.rows-main .newer a').click()
        await page.locator('.rows-main .newer a').waitFor({ state: 'detached' })
    })
})

describe('prompts that mean harm', () => {
    for (const [name, size] of [['desktop', desktop], ['phone', phone]]) {
        check(`are inert and break no layout (${name})`, async page => {
            for (let task = 1; task <= nasty.length; task += 1) {
                await openHydrated(page, at(hostile, `?task=${task}`))
                assert.equal(await page.evaluate(() => window.harmed), undefined)
                const shown = await page.locator('.whole-prompt bdi').evaluate(bdi => bdi.textContent)
                assert.equal(shown, nasty[task - 1])
                const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
                assert.ok(wide <= 0, `task ${task} makes the page ${wide} px too wide`)
            }
            await keepScreenshot(page, `tasks-hostile-${name}`)
            await openHydrated(page, at(hostile, `?q=${encodeURIComponent('</SCRIPT>')}`))
            assert.deepEqual(await numbers(page), ['1', '2'])
            assert.equal(await page.evaluate(() => window.harmed), undefined)
        }, size)
    }
})

describe('without JavaScript', () => {
    check('filters, pages and the drawer are links and forms', async page => {
        await page.goto(at(filtered))
        await page.locator('.chips a.bad').click()
        assert.match(page.url(), /state=failed/)
        await page.locator('select[name=failure]').selectOption('timeout')
        await page.locator('form.filters button').click()
        assert.match(page.url(), /failure=timeout/)
        assert.match(page.url(), /state=failed/)
        assert.equal(await total(page), 30)
        await page.goto(at(filtered))
        await page.locator('.pager input[name=page]').fill('3')
        await page.locator('.pager form button').click()
        assert.equal((await numbers(page))[0], '101')
        await page.locator('#task-105').click()
        assert.match(await drawer(page).innerText(), /Refunded|Charged/)
        await page.getByRole('link', { name: 'Next task' }).click()
        assert.match(page.url(), /task=106/)
        await page.getByRole('link', { name: 'Close task' }).click()
        assert.equal(await drawer(page).count(), 0)
    }, off)
})

describe('looks', () => {
    for (const [name, options, query] of [
        ['phone', phone, '?state=failed&task=3'],
        ['dark', { colorScheme: 'dark' }, '?task=3'],
        ['zh', {}, '?task=3&lang=zh'],
        ['phone-list', phone, ''],
        ['list', {}, ''],
    ]) {
        check(`${name} is accessible, and no wider than its window`, async page => {
            await openHydrated(page, at(filtered, query))
            await assertAccessible(page)
            const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
            assert.ok(wide <= 0, `${wide} px too wide`)
            if (name === 'zh') assert.match(await drawer(page).innerText(), /积分去向/)
            await keepScreenshot(page, `tasks-${name}`)
        }, options)
    }
})
