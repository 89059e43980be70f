import { readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { openApi } from '../support/api.ts'

const page = 'docs/governance.md'
const begin = '<!-- routes:begin -->\n'
const end = '<!-- routes:end -->'

const inside = (text: string): string => text.slice(text.indexOf(begin) + begin.length, text.indexOf(end))

/** As the OpenAPI document of the running service has them, in its order. */
const routes = async (): Promise<string> => {
  const { get } = await openApi()
  const { paths } = (await get('/openapi.json')).body as { paths: Record<string, Record<string, { summary: string }>> }
  const rows = Object.entries(paths)
    .filter(([path]) => path.startsWith('/pipelines') || path.startsWith('/evidence/approvals'))
    .flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { summary }]) => `| \`${method.toUpperCase()} ${path}\` | ${summary} |`),
    )
  return ['| route | what it does |', '| --- | --- |', ...rows, ''].join('\n')
}

test('the guide lists every route of governance, and none that is not there', async () => {
  const table = await routes()
  const text = readFileSync(page, 'utf8')
  expect(text.split(begin)).toHaveLength(2)
  if (process.env.UPDATE_DOCS === '1') {
    const [before = '', after = ''] = [text.split(begin)[0], text.split(end)[1]]
    writeFileSync(page, `${before}${begin}${table}${end}${after}`)
  }
  expect(inside(readFileSync(page, 'utf8'))).toBe(table)
})
