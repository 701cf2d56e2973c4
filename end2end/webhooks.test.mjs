// What a customer's receiver does at midnight: register, get a test, verify it with the published libraries of the Standard
// Webhooks specification (npm and PyPI).
import { after, before, test } from 'node:test'
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import http from 'node:http'
import { Webhook } from 'standardwebhooks'
import { baseUrl } from './browser.mjs'

const { BATCHBOOK: program, PYTHON_LIBRARY: pythonLibrary } = process.env

let receiver, url, key
const received = []

before(async () => {
    receiver = http.createServer(async (request, response) => {
        let body = ''
        for await (const chunk of request) body += chunk
        received.push({ headers: request.headers, body })
        response.end('thanks')
        receiver.emit('webhook')
    }).listen(0, '127.0.0.1')
    await once(receiver, 'listening')
    url = `http://127.0.0.1:${receiver.address().port}/hook`
    const batches = await (await fetch(`${baseUrl}/api/admin/batches`)).json()
    const customer = batches.data[0].customer.id
    const made = execFileSync(program, ['key', 'add', '--json', '--customer', customer, '--name', 'webhooks'], { encoding: 'utf8' })
    key = JSON.parse(made).secret
})
after(() => receiver?.close())

async function post(path, body) {
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
    const answer = await fetch(`${baseUrl}${path}`, { method: 'POST', headers, body: body && JSON.stringify(body) })
    assert.ok(answer.ok, `${path}: ${answer.status} ${await answer.clone().text()}`)
    return answer.json()
}

test('the reference libraries accept what arrives, and refuse what was changed', async () => {
    const { id, secret } = await post('/api/v1/webhook-endpoints', { url })
    const arrived = once(receiver, 'webhook')
    await post(`/api/v1/webhook-endpoints/${id}/test`)
    await arrived
    const { headers, body } = received.at(-1)

    const verified = new Webhook(secret).verify(body, headers)
    assert.equal(verified.type, 'webhook.test')
    assert.throws(() => new Webhook(secret).verify(`${body} `, headers))

    const verify = text => spawnSync('python3', ['-c', `
import json, sys
from standardwebhooks import Webhook
letter = json.load(sys.stdin)
print(Webhook(letter["secret"]).verify(letter["body"], letter["headers"])["type"])
`], { input: JSON.stringify({ secret, body: text, headers }), encoding: 'utf8', env: { ...process.env, PYTHONPATH: pythonLibrary } })
    const good = verify(body)
    assert.equal(good.stdout.trim(), 'webhook.test', good.stderr)
    assert.match(verify(`${body} `).stderr, /WebhookVerificationError/)
})
