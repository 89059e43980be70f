import { createRequire } from 'node:module'
import { describe, expect, test } from 'vitest'
import { findAssets } from '../../../src/http/openapi/assets.ts'
import { docsRoutes } from '../../../src/http/openapi/docs.ts'

const app = docsRoutes(() => ({ openapi: '3.1.1' }))
const page = async () => (await app.request('/docs')).text()
const linked = (html: string) => [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, url = '']) => url)
const assetUrls = (html: string) =>
  linked(html)
    .filter((url) => !url.startsWith('data:'))
    .map((url) => new URL(url, 'http://here/docs'))

describe('GET /openapi.json', () => {
  test('gives the document, made once', async () => {
    let made = 0
    const counting = docsRoutes(() => ({ made: ++made }))
    for (const _ of [1, 2]) {
      const response = await counting.request('/openapi.json')
      expect(response.headers.get('content-type')).toBe('application/json')
      expect(await response.json()).toEqual({ made: 1 })
    }
  })

  test('304 for who has it already', async () => {
    const tag = (await app.request('/openapi.json')).headers.get('etag') ?? ''
    const again = await app.request('/openapi.json', { headers: { 'if-none-match': tag } })
    expect([again.status, await again.text()]).toEqual([304, ''])
  })
})

describe('GET /docs', () => {
  test('refers to its own origin only, and each file is there with its type, for ever', async () => {
    const urls = assetUrls(await page())
    expect(urls.map(({ origin }) => origin)).toEqual(['http://here', 'http://here', 'http://here'])
    const types = []
    for (const url of urls) {
      const response = await app.request(url.pathname + url.search)
      expect([response.status, response.headers.get('cache-control')]).toEqual([
        200,
        'public, max-age=31536000, immutable',
      ])
      expect((await response.text()).length).toBeGreaterThan(100)
      types.push(response.headers.get('content-type'))
    }
    const javascript = 'text/javascript; charset=utf-8'
    expect(types).toEqual(['text/css; charset=utf-8', javascript, javascript])
  })

  test('has no script and no style in place', async () => {
    expect(await page()).not.toMatch(/<script(?![^>]* src=)|<style|style=|\bon[a-z]+=/)
  })

  test('allows scripts, styles and requests of its own origin only, and no frame around it', async () => {
    const policy = (await app.request('/docs')).headers.get('content-security-policy')?.split('; ')
    expect(policy).toEqual([
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "img-src 'self' data:",
      "connect-src 'self'",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ])
  })

  test('the style sheet needs nothing but data, and the start script names no other origin', async () => {
    const css = await (await app.request('/docs/assets/swagger-ui.css')).text()
    const needed = [...css.matchAll(/url\(["']?([^)]{5})/g)].map(([, start]) => start)
    expect(new Set(needed)).toEqual(new Set(['data:']))
    expect(css).not.toContain('@import')
    const script = await (await app.request('/docs/assets/start.js')).text()
    expect(script).toContain('validatorUrl: null')
    expect(script).not.toMatch(/https?:|\/\//)
  })

  test('Swagger UI makes no style elements or attributes, so its styles need no exception', async () => {
    const bundle = await (await app.request('/docs/assets/swagger-ui-bundle.js')).text()
    expect(bundle).not.toMatch(/createElement\(["']style["']\)|setAttribute\(["']style["']/)
  })

  test('a file asked for without its version is not kept', async () => {
    for (const url of ['/docs/assets/start.js', '/docs/assets/start.js?v=0']) {
      expect((await app.request(url)).headers.get('cache-control')).toBe('no-cache')
    }
  })

  test.each([
    '../package.json',
    '..%2fpackage.json',
    '..%2Fpackage.json',
    '%2e%2e%2fpackage.json',
    '..%5cpackage.json',
    '....//package.json',
    'package.json',
    'index.html',
    'swagger-ui.css/../package.json',
    'swagger-ui.css%00',
    '%2fetc%2fpasswd',
    '__proto__',
    'constructor',
    '',
  ])('404 for /docs/assets/%s', async (file) => {
    // Request would resolve the dots before the app sees them.
    const request = new Request('http://here/')
    Object.defineProperty(request, 'url', { value: `http://here/docs/assets/${file}` })
    expect((await app.fetch(request)).status).toBe(404)
  })

  test('404 and a plain sentence where Swagger UI is not installed; the document is there', async () => {
    const bare = docsRoutes(
      () => ({}),
      findAssets(() => createRequire(import.meta.url).resolve('no-such-package')),
    )
    const response = await bare.request('/docs')
    expect([response.status, await response.text()]).toEqual([
      404,
      'The page is not installed here; the document is at /openapi.json.',
    ])
    expect((await bare.request('/docs/assets/start.js')).status).toBe(404)
    expect((await bare.request('/openapi.json')).status).toBe(200)
  })
})
