// What operators see and do about webhooks: deliveries, attempts, endpoints and replays; with WASM and without. A real receiver
// answers as the tests need it.
import { after, before, describe, test } from 'node:test'
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import http from 'node:http'
import { Webhook } from 'standardwebhooks'
import { assertAccessible, baseUrl, contextOf, keepScreenshot, launch, openHydrated, withPage } from './browser.mjs'

const { BATCHBOOK: program } = process.env
const off = { javaScriptEnabled: false }
const phone = { viewport: { width: 390, height: 844 } }
const dark = { colorScheme: 'dark' }
const desktop = { viewport: { width: 1440, height: 900 } }
const waitMs = 30_000

let browser, receiver, customer, key
/** Path → how many answers of 500 come first for each webhook-id; Infinity for ever. */
const failures = new Map()
const received = []

before(async () => {
    browser = await launch()
    receiver = http.createServer(async (request, response) => {
        let body = ''
        for await (const chunk of request) body += chunk
        const id = request.headers['webhook-id']
        const before = received.filter(letter => letter.path === request.url && letter.headers['webhook-id'] === id).length
        received.push({ path: request.url, headers: request.headers, body })
        const fails = before < (failures.get(request.url) ?? 0)
        response.writeHead(fails ? 500 : 200, { 'content-type': 'text/plain', 'set-cookie': 'sid=secret-cookie' })
        response.end(fails ? 'database is down' : 'thanks')
    }).listen(0, '127.0.0.1')
    await once(receiver, 'listening')
    const batches = await (await fetch(`${baseUrl}/api/admin/batches`)).json()
    customer = batches.data[0].customer.id
    const made = execFileSync(program, ['key', 'add', '--json', '--customer', customer, '--name', 'webhook pages'], { encoding: 'utf8' })
    key = JSON.parse(made).secret
    execFileSync(program, ['customer', 'grant', customer, '--credits', '20000', '--paid-usd', '200', '--kind', 'purchase', '--reason', 'tests', '--json'])
})
after(async () => {
    await browser?.close()
    receiver?.close()
})

const check = (name, body, options = {}) => test(name, () => withPage(browser, options, body))
const url = path => `http://127.0.0.1:${receiver.address().port}${path}`

async function api(method, path, body) {
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json', 'idempotency-key': crypto.randomUUID() }
    const answer = await fetch(`${baseUrl}${path}`, { method, headers, body: body && JSON.stringify(body) })
    assert.ok(answer.ok, `${path}: ${answer.status} ${await answer.clone().text()}`)
    return answer.json()
}

const register = (path, types) => api('POST', '/api/v1/webhook-endpoints', { url: url(path), event_types: types, description: 'tests' })
const submit = () => api('POST', '/api/v1/batches', { model: 'sora-2', items: Array.from({ length: 10 }, (_, i) => ({ prompt: `A quiet harbour, ${i}` })) })

/** The deliveries of an endpoint, once `enough` says so. */
async function deliveries(endpoint, enough) {
    const until = Date.now() + waitMs
    for (;;) {
        const { data } = await api('GET', `/api/v1/webhook-deliveries?limit=200&endpoint_id=${endpoint}`)
        if (enough(data)) return data
        assert.ok(Date.now() < until, `deliveries of ${endpoint}: ${JSON.stringify(data)}`)
        await new Promise(resolve => setTimeout(resolve, 100))
    }
}

const main = page => page.locator('main').innerText()

describe('a receiver that fails twice', () => {
    let endpoint, delivery, batch
    before(async () => {
        failures.set('/twice', 2)
        endpoint = await register('/twice', ['batch.created'])
        batch = (await submit()).id
        delivery = (await deliveries(endpoint.id, rows => rows.some(row => row.status === 'succeeded')))[0].id
    })

    test('gets one webhook-id three times, with signatures that the reference library accepts', () => {
        const letters = received.filter(letter => letter.path === '/twice')
        assert.equal(letters.length, 3)
        assert.deepEqual([...new Set(letters.map(letter => letter.headers['webhook-id']))], [delivery])
        for (const { headers, body } of letters) assert.equal(new Webhook(endpoint.secret).verify(body, headers).type, 'batch.created')
    })

    for (const [name, options] of [['desktop', desktop], ['desktop-dark', { ...desktop, ...dark }], ['phone', phone]]) {
        check(`its delivery shows three attempts with classes, times and sides: ${name}`, async page => {
            await openHydrated(page, `/admin/webhooks/deliveries/${delivery}`)
            const heads = await page.locator('.attempts .attempt-head').allInnerTexts()
            assert.deepEqual(heads.map(text => text.match(/http_5xx|delivered/)?.[0]), ['delivered', 'http_5xx', 'http_5xx'])
            const text = await main(page)
            for (const said of [/Requested/, /Responded/, /the receiver/, /database is down/, /webhook-signature: v1,/, /Values that may be secret/]) {
                assert.match(text, said)
            }
            assert.doesNotMatch(text, /secret-cookie/)
            assert.equal(text.split(`webhook-id: ${delivery}`).length - 1, 3)
            const steps = await page.locator('.lifecycle li').evaluateAll(items => items.map(item => item.querySelector('b').textContent))
            assert.deepEqual(steps, ['Occurred', 'Queued', 'Attempt failed', 'Attempt failed', 'Delivered'])
            await assertAccessible(page)
            assert.match(await page.getByRole('link', { name: 'What operators did' }).getAttribute('href'), /audit\?object=dlv_/)
            await keepScreenshot(page, `webhook-delivery-${name}`)
        }, options)
    }

    check('a viewer is offered nothing to be changed', async page => {
        for (const address of [`deliveries/${delivery}`, `endpoints/${endpoint.id}`, '?tab=endpoints', '?tab=replays', '']) {
            await page.goto(`/admin/webhooks${address.startsWith('?') || !address ? address : `/${address}`}`)
            assert.equal(await page.locator('main form[method=post], main .acts, main a[href*="/new"]').count(), 0, address)
        }
    }, { ...off, role: 'viewer' })

    check('its batch shows the strip of results, and each delivery with its attempts', async page => {
        await openHydrated(page, `/admin/batches/${batch}?tab=webhooks`)
        const row = page.locator('tr', { has: page.locator('.strip-cells') }).filter({ hasText: '/twice' })
        assert.deepEqual(await row.locator('.cell').allInnerTexts(), ['500', '500', '200'])
        assert.match(await row.locator('.cell').first().getAttribute('aria-label'), /http_5xx 500/)
        await page.locator('.attempts-of summary').first().focus()
        await page.keyboard.press('Enter')
        await page.locator('.attempt-lines li').first().waitFor()
        await assertAccessible(page)
        await keepScreenshot(page, 'webhook-batch-tab')
        await row.locator('.cell').first().click()
        await page.waitForURL(`**/admin/webhooks/deliveries/${delivery}`)
    }, desktop)

    check('its batch shows all that without JavaScript, in Chinese, on a phone', async page => {
        await page.goto(`/admin/batches/${batch}?tab=webhooks&lang=zh`)
        assert.match(await main(page), /此批次的投递/)
        await page.locator('.attempts-of summary').first().click()
        assert.ok(await page.locator('.attempt-lines li').first().isVisible())
        await keepScreenshot(page, 'webhook-batch-tab-zh-phone')
        await page.locator('a.row-link[href*="deliveries/dlv_"]').first().click()
        assert.match(await main(page), /从事件到接收端/)
    }, { ...off, ...phone })

    check('what waits says where it waits and the whole schedule', async page => {
        failures.set('/down', Infinity)
        const down = await register('/down', ['batch.created'])
        await submit()
        const [row] = await deliveries(down.id, rows => rows.some(row => row.attempts >= 3 && row.next_attempt_at && Date.parse(row.next_attempt_at) > Date.now() + 60_000))
        await openHydrated(page, `/admin/webhooks/deliveries/${row.id}`)
        assert.match(await page.locator('.lifecycle li.waits').innerText(), /Retries at[\s\S]*waiting here/)
        assert.ok(await page.locator('.schedule tbody tr').count() >= 1)
        await assertAccessible(page)
        await keepScreenshot(page, 'webhook-delivery-waiting')
        await page.locator('button', { hasText: 'Send again' }).click()
        await deliveries(down.id, rows => rows[0].attempts >= 4)
        await page.goto(`/admin/webhooks/deliveries/${row.id}`)
        assert.match(await main(page), /somebody asked for it \(by /)
    })
})

describe('the list of deliveries', () => {
    for (const [name, options] of [['desktop', desktop], ['desktop-dark', { ...desktop, ...dark }], ['phone', phone]]) {
        check(`shows charts, filters and rows: ${name}`, async page => {
            await openHydrated(page, '/admin/webhooks')
            assert.equal(await page.locator('.charts figure.chart').count(), 2)
            assert.ok(await page.locator('a[href*="/admin/webhooks/deliveries/dlv_"]').count() > 10)
            await assertAccessible(page)
            await keepScreenshot(page, `webhooks-${name}`)
        }, options)
    }

    check('is filtered by a form, and the address says so', async page => {
        await openHydrated(page, '/admin/webhooks')
        await page.locator('details.filters > summary').focus()
        await page.keyboard.press('Enter')
        await page.locator('select[name=class]').selectOption('http_5xx')
        await page.locator('input[name=attempts]').fill('2')
        await assertAccessible(page)
        await page.locator('form.panel button[type=submit]').click()
        await page.waitForURL(/\/admin\/webhooks\?(?=.*class=http_5xx)(?=.*attempts=2)(?!.*type=)/)
        const results = await page.locator('tbody tr td:nth-child(7)').allInnerTexts()
        assert.ok(results.length > 0 && results.every(text => text.includes('http_5xx')), `${results}`)
        await page.locator('a.pill').first().click()
        await page.waitForURL(url => !url.search.includes('class='))
    }, desktop)

    check('shows nothing for a filter that matches nothing, and for one that cannot be read', async page => {
        for (const query of ['customer=cus_00fkqz1b3r000000000000000g', 'state=lost', 'attempts=-3', 'from=2001-01-01&to=2001-01-02', 'class=tls&state=succeeded']) {
            await page.goto(`/admin/webhooks?${query}`)
            assert.match(await main(page), /No delivery matches/, query)
            assert.equal(await page.locator('tbody a[href*="dlv_"]').count(), 0, query)
        }
        await page.locator('a', { hasText: 'Clear filters' }).first().click()
        await page.waitForURL('**/admin/webhooks')
    })

    check('is read page by page without JavaScript', async page => {
        await page.goto('/admin/webhooks')
        const first = await page.locator('tbody a.row-link').first().innerText()
        await page.locator('.pager a[rel=next]').click()
        assert.match(page.url(), /before=dlv_/)
        assert.notEqual(await page.locator('tbody a.row-link').first().innerText(), first)
        await page.locator('.pager a[rel=prev]').click()
        assert.match(page.url(), /\/admin\/webhooks$/)
        await page.locator('.windows a', { hasText: '30 days' }).click()
        assert.match(page.url(), /span=30d/)
    }, off)

    check('announces what arrives, and moves nothing', async page => {
        const quiet = await register('/quiet', ['batch.created'])
        await openHydrated(page, '/admin/webhooks')
        const first = await page.locator('tbody a.row-link').first().getAttribute('title') ?? await page.locator('tbody a.row-link').first().innerText()
        await api('POST', `/api/v1/webhook-endpoints/${quiet.id}/test`)
        await deliveries(quiet.id, rows => rows.some(row => row.status === 'succeeded'))
        await page.locator('.newer a').waitFor()
        assert.equal(await page.locator('tbody a.row-link').first().innerText(), first)
        await page.locator('.newer a').click()
        await page.locator('.newer').waitFor({ state: 'detached' })
        assert.notEqual(await page.locator('tbody a.row-link').first().innerText(), first)
    })

    test('strange addresses give sensible pages', async () => {
        const context = await contextOf(browser)
        const status = async (path, expected) => {
            const answer = await context.request.get(path, { headers: { accept: 'text/html' } })
            assert.equal(answer.status(), expected, path)
            assert.match(await answer.text(), /<h1/, path)
        }
        for (const query of ['tab=secrets', 'before=bat_1', 'span=aeon', 'tab=endpoints&show=luck&before=x', 'tab=replays&before=1', 'type=%3Cscript%3E', 'from=%00&to=%ff']) {
            await status(`/admin/webhooks?${query}`, 200)
        }
        for (const path of ['deliveries/dlv_1', 'deliveries/x', 'endpoints/whe_00fkqz1b3r000000000000000g', 'replays/rpl_1']) {
            await status(`/admin/webhooks/${path}`, 404)
        }
        await status('/admin/webhooks/replays/new?endpoint=x&from=1&to=2', 200)
        await status('/admin/webhooks/endpoints/new?problem=luck&types=a,b&timeout_ms=x', 200)
        await context.close()
    })
})

describe('endpoints', () => {
    check('are listed with their health', async page => {
        await openHydrated(page, '/admin/webhooks?tab=endpoints')
        assert.match(await main(page), /failed ÷ \(failed \+ delivered\)/)
        await assertAccessible(page)
        await keepScreenshot(page, 'webhook-endpoints')
        await page.locator('.chip', { hasText: 'failing' }).click()
        await page.waitForURL(/show=failing/)
        await page.locator('.chip[aria-current]', { hasText: 'failing' }).waitFor()
        await page.goto('/admin/webhooks?tab=endpoints&lang=zh')
        await keepScreenshot(page, 'webhook-endpoints-zh')
    }, desktop)

    check('are registered, changed, tested, switched and deleted without JavaScript', async page => {
        await page.goto('/admin/webhooks?tab=endpoints')
        await page.locator('a.button', { hasText: 'Register an endpoint' }).first().click()
        await page.locator('input[name=whose]').fill(customer)
        await page.locator('input[name=url]').fill('ftp://example.com/x')
        await page.locator('input[value="batch.partial"]').check()
        await page.locator('button', { hasText: 'Register' }).click()
        assert.match(await main(page), /not an http or https address/)
        assert.equal(await page.locator('input[name=url]').inputValue(), 'ftp://example.com/x')
        assert.ok(await page.locator('input[value="batch.partial"]').isChecked(), 'what was chosen stays')
        await page.locator('input[name=url]').fill(url('/console'))
        await page.locator('input[name=description]').fill('夜间 & 白天')
        await page.locator('button', { hasText: 'Register' }).click()
        const secret = await page.locator('.secret code').innerText()
        assert.match(secret, /^whsec_/)
        assert.match(await main(page), /batch\.partial/)
        await keepScreenshot(page, 'webhook-endpoint-secret')
        await page.reload()
        assert.match(await main(page), /This secret was shown already/)
        const id = page.url().match(/whe_\w+/)[0]

        await page.goto(`/admin/webhooks/endpoints/${id}`)
        await page.locator('button', { hasText: 'Send test event' }).click()
        assert.match(page.url(), /deliveries\/dlv_/)
        await deliveries(id, rows => rows.some(row => row.status === 'succeeded'))
        const letter = received.find(letter => letter.path === '/console')
        assert.equal(new Webhook(secret).verify(letter.body, letter.headers).type, 'webhook.test')

        await page.goto(`/admin/webhooks/endpoints/${id}?open=rotate`)
        await page.locator('button', { hasText: 'Make a new secret' }).click()
        assert.notEqual(await page.locator('.secret code').innerText(), secret)
        await page.goto(`/admin/webhooks/endpoints/${id}`)
        assert.match(await main(page), /Two secrets sign every webhook now\. The older one stops in\s+23 h 5\d m/)

        await page.locator('a.button', { hasText: 'Edit' }).click()
        await page.locator('input[name=timeout_ms]').fill('5000')
        await page.locator('button', { hasText: 'Save' }).click()
        assert.match(await main(page), /5 s/)
        await page.locator('button', { hasText: 'Disable' }).click()
        assert.match(await main(page), /by an operator/)
        await page.locator('button', { hasText: 'Enable' }).click()
        assert.ok(await page.locator('button', { hasText: 'Disable' }).isVisible())
        await page.locator('a.button', { hasText: 'Delete' }).click()
        await page.locator('button', { hasText: 'Delete this endpoint' }).click()
        assert.match(page.url(), /tab=endpoints/)
        assert.equal((await page.context().request.get(`/admin/webhooks/endpoints/${id}`)).status(), 404)
    }, off)

    for (const [name, options] of [['desktop', desktop], ['phone-dark', { ...phone, ...dark }]]) {
        check(`have a page of their own, accessible with everything that opens on it: ${name}`, async page => {
            const shown = await register(`/page-${name}`, [])
            await openHydrated(page, `/admin/webhooks/endpoints/${shown.id}`)
            await assertAccessible(page)
            assert.match(await page.getByRole('link', { name: 'What operators did' }).getAttribute('href'), /audit\?object=whe_/)
            await keepScreenshot(page, `webhook-endpoint-${name}`)
            for (const open of ['edit', 'rotate', 'delete']) {
                await openHydrated(page, `/admin/webhooks/endpoints/${shown.id}?open=${open}`)
                await page.locator('#dialog').waitFor()
                await assertAccessible(page)
                await keepScreenshot(page, `webhook-endpoint-${open}-${name}`)
            }
            await openHydrated(page, '/admin/webhooks/endpoints/new')
            await assertAccessible(page)
            await keepScreenshot(page, `webhook-endpoint-new-${name}`)
        }, options)
    }
})

describe('replays', () => {
    check('send again exactly what their preview says', async page => {
        const missed = await register('/missed', ['batch.created'])
        await api('POST', `/api/v1/webhook-endpoints/${missed.id}/disable`)
        for (let i = 0; i < 3; i++) await submit()
        await deliveries(missed.id, rows => rows.filter(row => row.status === 'canceled').length === 3)
        await api('POST', `/api/v1/webhook-endpoints/${missed.id}/enable`)

        await openHydrated(page, `/admin/webhooks/endpoints/${missed.id}`)
        await page.locator('a.button', { hasText: 'Replay what failed' }).click()
        await page.locator('input[name=from]').fill(new Date(Date.now() - 86_400_000).toISOString().slice(0, 10))
        await page.locator('input[name=to]').fill(new Date(Date.now() + 86_400_000).toISOString().slice(0, 10))
        await assertAccessible(page)
        await page.locator('button', { hasText: 'Show what would be sent' }).click()
        await page.locator('#preview').waitFor()
        assert.match(await page.locator('#preview').innerText(), /Would be sent again\s+3/)
        await assertAccessible(page)
        await keepScreenshot(page, 'webhook-replay-preview')
        await page.locator('textarea[name=reason]').fill('The receiver was down')
        await page.locator('button', { hasText: 'Start: send 3 deliveries' }).click()
        await page.waitForURL(/replays\/rpl_/)
        await page.locator('.badge', { hasText: 'completed' }).waitFor()
        const text = await main(page)
        assert.match(text, /3 of 3/)
        assert.match(text, /The receiver was down/)
        await assertAccessible(page)
        await keepScreenshot(page, 'webhook-replay-done')
        assert.equal(received.filter(letter => letter.path === '/missed').length, 3)
        await openHydrated(page, '/admin/webhooks?tab=replays')
        assert.match(await main(page), /The receiver was down/)
        await assertAccessible(page)
        await keepScreenshot(page, 'webhook-replays')
    }, desktop)

    check('never mean everything: an empty or damaged form has no preview', async page => {
        await page.goto('/admin/webhooks/replays/new')
        assert.equal(await page.locator('#preview').count(), 0)
        await page.goto('/admin/webhooks/replays/new?endpoint=whe_1&from=2026-11-01&to=2026-11-02')
        assert.match(await main(page), /no endpoint with this id/)
        const some = await register('/some', [])
        for (const window of ['from=2026-01-01&to=2026-11-02', 'from=2026-11-02&to=2026-11-01', 'from=2026-11-02&to=2026-11-03&type=luck']) {
            await page.goto(`/admin/webhooks/replays/new?endpoint=${some.id}&${window}`)
            assert.match(await main(page), /There is no preview/, window)
        }
        await page.goto('/admin/webhooks/replays/new?lang=zh')
        assert.match(await main(page), /新建重放/)
    }, off)
})
