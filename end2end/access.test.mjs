// The door in a real browser: signing in and out, what each role is shown, and what pages of other sites can make a browser do.
import { after, before, describe, test } from 'node:test'
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { createServer } from 'node:http'
import { assertAccessible, baseUrl, contextOf, keepScreenshot, launch, openHydrated, operators, withPage } from './browser.mjs'

const off = { javaScriptEnabled: false }
const nobody = { role: null }
const phone = { viewport: { width: 390, height: 844 } }
const owner = operators.find(({ role }) => role === 'owner')
let browser, batch

before(async () => {
    browser = await launch()
    batch = (await (await fetch(`${baseUrl}/api/admin/batches?limit=1`)).json()).data[0].id
})

after(() => browser.close())

async function signInBy(page, { email, password }) {
    await page.locator('input[name=email]').fill(email)
    await page.locator('input[name=password]').fill(password)
    await page.locator('main button[type=submit]').click()
}

// An operator whose password is set: made by an owner in the browser, whose link is shown once.
async function newOperator(email, password) {
    await withPage(browser, off, async page => {
        await page.goto('/admin/operators')
        await page.locator('form.door input[name=email]').fill(email)
        await page.locator('form.door select[name=role]').selectOption('support')
        await page.getByRole('button', { name: 'Add operator' }).click()
        const link = await page.locator('.secret').innerText()
        assert.ok(link.startsWith(`${baseUrl}/login/password?token=`) && !page.url().includes('token'), link)
        await page.goto(link)
        await page.locator('input[name=password]').fill(password)
        await page.getByRole('button', { name: 'Save' }).click()
        await page.getByText('The password is set.').waitFor()
    })
    return { email, password }
}

describe('the door', () => {
    for (const [name, options] of [['with scripts', {}], ['without scripts', off]]) {
        test(`leads to the sign-in and back, ${name}`, async () => {
            await withPage(browser, { ...nobody, ...options }, async page => {
                await page.goto(`/admin/batches/${batch}?tab=billing`)
                assert.equal(new URL(page.url()).pathname, '/login')
                assert.equal(await page.locator('nav, .utilities').count(), 0, 'there is nothing beside it')
                await signInBy(page, { ...owner, password: 'wrong wrong wrong' })
                await page.getByRole('alert').getByText('That is not right').waitFor()
                await signInBy(page, owner)
                await page.waitForURL(url => url.pathname === `/admin/batches/${batch}` && url.search === '?tab=billing')
                assert.match(await page.locator('.who').innerText(), /owner@example.com/)
            })
        })
    }

    test('speaks two languages, is accessible, and fits a phone', async () => {
        for (const [lang, title] of [['en', 'Sign in'], ['zh', '登录']]) {
            await withPage(browser, nobody, async page => {
                await openHydrated(page, `/login?lang=${lang}`)
                await page.getByRole('heading', { name: title }).waitFor()
                await assertAccessible(page)
                await keepScreenshot(page, `login-${lang}`)
            })
        }
        await withPage(browser, { ...nobody, ...phone, colorScheme: 'dark' }, async page => {
            await openHydrated(page, '/login?said=wait&wait=16')
            await page.getByText('16 seconds').waitFor()
            await assertAccessible(page)
            await keepScreenshot(page, 'login-phone')
        })
    })

    test('a signed-out browser shows nothing by its back button', async () => {
        await withPage(browser, nobody, async page => {
            await page.goto('/login')
            await signInBy(page, owner)
            await page.waitForURL(url => url.pathname === '/admin')
            await openHydrated(page, `/admin/batches/${batch}`)
            await page.getByRole('button', { name: 'Sign out' }).click()
            await page.getByText('You are signed out.').waitFor()
            await page.goBack()
            await page.waitForURL(url => url.pathname === '/login')
            assert.equal(await page.locator('.rows').count(), 0)
        })
    })
})

describe('roles', () => {
    test('a viewer sees batches without what customers wrote, and no door to operators', async () => {
        await withPage(browser, { role: 'viewer' }, async page => {
            await openHydrated(page, `/admin/batches/${batch}`)
            await page.locator('.rows tbody').getByText('••••••').first().waitFor()
            assert.equal(await page.getByRole('link', { name: 'Operators' }).count(), 0)
            await keepScreenshot(page, 'batch-viewer')
        })
        await withPage(browser, { role: 'support' }, async page => {
            await page.goto(`/admin/batches/${batch}`)
            assert.equal(await page.getByText('••••••').count(), 0)
        })
    })

    test('an owner sees who gets in, and adds an operator whose link is shown once', async () => {
        await withPage(browser, off, async page => {
            await page.goto('/admin/operators')
            assert.equal(await page.locator('.rows tbody tr').count(), operators.length)
        })
        const made = await newOperator('new@example.com', 'a lantern on the stairs')
        await withPage(browser, nobody, async page => {
            await page.goto('/login')
            await signInBy(page, made)
            await page.waitForURL(url => url.pathname === '/admin')
        })
    })

    test('account and operators are accessible in both languages', async () => {
        for (const address of ['/admin/account', '/admin/account?lang=zh', '/admin/operators', '/admin/operators?lang=zh', '/admin/confirm', '/admin/account?said=weak_password']) {
            await withPage(browser, {}, async page => {
                await openHydrated(page, address)
                await page.locator('h1').waitFor()
                await assertAccessible(page)
                await keepScreenshot(page, address.slice('/admin/'.length).replaceAll(/[?=]/g, '-'))
            })
        }
        await withPage(browser, phone, async page => {
            await openHydrated(page, '/admin/operators')
            await keepScreenshot(page, 'operators-phone')
        })
    })
})

// What an authenticator shows for a secret (RFC 6238), and the number of its step.
function authenticator(secret) {
    const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
    const bits = [...secret.replaceAll(/[^A-Z2-7]/g, '')].map(letter => letters.indexOf(letter).toString(2).padStart(5, '0')).join('')
    const key = Buffer.from(bits.match(/.{8}/g).map(byte => Number.parseInt(byte, 2)))
    const step = Buffer.alloc(8)
    step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000)))
    const hash = createHmac('sha1', key).update(step).digest()
    const code = (hash.readUInt32BE(hash.at(-1) & 15) & 0x7fffffff) % 1_000_000
    return String(code).padStart(6, '0')
}

describe('the second factor', () => {
    let guard, recoveryCodes

    before(async () => {
        guard = await newOperator('guard@example.com', 'two keys for one door')
    })

    async function signedIn(options, run) {
        await withPage(browser, { ...nobody, ...options }, async page => {
            await page.goto('/login')
            await signInBy(page, guard)
            await run(page)
        })
    }

    test('is turned on with a picture or a secret, by its first code', async () => {
        await signedIn({}, async page => {
            await page.waitForURL(url => url.pathname === '/admin')
            await openHydrated(page, '/admin/account')
            await page.getByRole('button', { name: 'Turn on' }).click()
            await page.locator('.qr').waitFor()
            assert.ok((await page.locator('.qr').boundingBox()).width >= 160, 'a camera can read it')
            await assertAccessible(page)
            await keepScreenshot(page, 'second-factor-offer')
            const code = authenticator(await page.locator('.door .secret').innerText())
            await page.locator('input[name=code]').fill(code === '000000' ? '000001' : '000000')
            await page.locator('form:has(input[name=code]) button').click()
            await page.getByText('That code is not right').waitFor()
            await page.locator('input[name=code]').fill(authenticator(await page.locator('.door .secret').innerText()))
            await page.locator('form:has(input[name=code]) button').click()
            await page.locator('.codes').waitFor()
            recoveryCodes = await page.locator('.codes .secret').allInnerTexts()
            assert.equal(new Set(recoveryCodes).size, recoveryCodes.length)
            await assertAccessible(page)
            await keepScreenshot(page, 'second-factor-codes')
            await page.reload()
            await page.getByRole('button', { name: 'Turn off' }).waitFor()
        })
    })

    test('asks for a code after the password, and takes each recovery code once', async () => {
        await signedIn({}, async page => {
            await page.waitForURL(url => url.search.includes('step=code'))
            await assertAccessible(page)
            await keepScreenshot(page, 'login-code')
            await page.locator('input[name=code]').fill('not a code')
            await page.locator('main button[type=submit]').first().click()
            await page.getByRole('alert').waitFor()
            await page.locator('input[name=code]').fill(recoveryCodes[0])
            await page.locator('main button[type=submit]').first().click()
            await page.waitForURL(url => url.pathname === '/admin')
        })
        await signedIn(off, async page => {
            await page.locator('input[name=code]').fill(recoveryCodes[0])
            await page.locator('main button[type=submit]').first().click()
            await page.getByRole('alert').waitFor()
            await page.locator('input[name=code]').fill(recoveryCodes[1])
            await page.locator('main button[type=submit]').first().click()
            await page.waitForURL(url => url.pathname === '/admin')
            await page.goto('/admin/account')
            await keepScreenshot(page, 'second-factor-on')
        })
    })
})

describe('pages of other sites', () => {
    const forms = {
        save_view: { name: 'stolen', query: '', back: '' },
        delete_view: { key: '1', back: '' },
        change_credits: { id: 'cus_00000000000000000000000000', action: 'promo', credits: '1', reason: 'x', token: 'stolen' },
        batch_cancel: { id: 'bat_00000000000000000000000000', reason: 'x' },
        batch_compare: { id: 'bat_00000000000000000000000000' },
        delivery_resend: { id: 'dlv_00000000000000000000000000' },
    }
    const paths = [
        ...Object.keys(forms).map(name => `/admin/data/${name}`),
        '/admin/operators', '/admin/operators/role', '/admin/operators/second-factor', '/admin/account/password', '/admin/account/sessions',
        '/admin/account/second-factor', '/admin/account/second-factor/confirm', '/admin/account/second-factor/remove',
        '/admin/sign-out', '/admin/preferences', '/login', '/login/code', '/login/first',
    ]
    let server, port

    before(async () => {
        server = createServer((request, response) => {
            const path = new URL(request.url, 'http://x').searchParams.get('to')
            if (!path) return response.writeHead(404).end() // the browser's own wish for an icon
            const fields = Object.entries(forms[path.split('/').at(-1)] ?? { role: 'viewer' })
            const inputs = fields.map(([name, value]) => `<input name="${name}" value="${value}">`).join('')
            response.setHeader('content-type', 'text/html')
            response.end(`<form method="post" action="${baseUrl}${path}">${inputs}<button>go</button></form>`)
        })
        await new Promise(resolve => server.listen(0, '127.0.0.1', resolve))
        port = server.address().port
    })

    after(() => server.close())

    for (const [kind, host] of [['another port', '127.0.0.1'], ['another name', 'localhost']]) {
        test(`cannot send a form, from ${kind}`, async () => {
            const context = await contextOf(browser)
            const page = await context.newPage()
            for (const path of paths) {
                await page.goto(`http://${host}:${port}/?to=${encodeURIComponent(path)}`)
                const [answer] = await Promise.all([page.waitForNavigation(), page.getByRole('button').click()])
                assert.equal(answer.status(), 403, `${path} from ${host}`)
            }
            await page.goto('/admin/account')
            assert.match(await page.locator('.who').innerText(), /owner@example.com/, 'the session goes on')
            await context.close()
        })
    }
})
