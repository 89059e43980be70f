import { type Context, Hono } from 'hono'
import { etag } from 'hono/etag'
import { type Asset, findAssets } from './assets.ts'

// Swagger UI sets its styles one by one, which `style-src` does not restrict; its icons are data in its style sheet.
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const page = (urlOf: (file: string) => string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Ledgerline API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${urlOf('swagger-ui.css')}">
<script src="${urlOf('swagger-ui-bundle.js')}" defer></script>
<script src="${urlOf('start.js')}" defer></script>
</head>
<body>
<div id="swagger-ui"></div>
</body>
</html>
`

/** A document at a path of its own, for anyone. It is made once, when it is first asked for. */
export const documentRoute = (path: string, document: () => object): Hono => {
  const app = new Hono()
  let text: string | undefined
  app.get(path, etag(), (c) => {
    text ??= JSON.stringify(document())
    return c.body(text, 200, { 'Content-Type': 'application/json', 'Cache-Control': 'no-cache' })
  })
  return app
}

/** `/openapi.json`, and at `/docs` a page of it that asks no other origin for anything. */
export const docsRoutes = (document: () => object, assets: ReadonlyMap<string, Asset> | null = findAssets()): Hono => {
  const app = documentRoute('/openapi.json', document)
  const nothing = (c: Context, said: string) => c.text(said, 404, { 'Cache-Control': 'no-store' })

  app.get('/docs', (c) => {
    if (assets === null) return nothing(c, 'The page is not installed here; the document is at /openapi.json.')
    const html = page((file) => `docs/assets/${file}?v=${assets.get(file)?.version}`)
    return c.html(html, 200, {
      'Content-Security-Policy': policy,
      'Cache-Control': 'no-cache',
      'Referrer-Policy': 'no-referrer',
      'X-Content-Type-Options': 'nosniff',
    })
  })

  app.get('/docs/assets/:file', async (c) => {
    const asset = assets?.get(c.req.param('file'))
    if (!asset) return nothing(c, 'There is no such file.')
    const isVersioned = c.req.query('v') === asset.version
    return c.body(await asset.content(), 200, {
      'Content-Type': asset.type,
      'Cache-Control': isVersioned ? 'public, max-age=31536000, immutable' : 'no-cache',
      'X-Content-Type-Options': 'nosniff',
    })
  })

  return app
}
