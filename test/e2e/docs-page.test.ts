import { execFile, spawnSync } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { startService, temporaryDir } from './service.ts'

const run = promisify(execFile)
const hasChromium = spawnSync('chromium', ['--version']).status === 0

test.skipIf(!hasChromium)(
  '/docs shows every operation in a browser, and breaks no rule of its own (needs chromium)',
  async () => {
    const service = await startService({ DATA_DIR: await temporaryDir('docs') })
    const { paths } = (await (await fetch(`${service.url}/openapi.json`)).json()) as { paths: Record<string, object> }
    const flags = [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--enable-logging=stderr',
      '--virtual-time-budget=15000',
    ]
    const profile = `--user-data-dir=${await temporaryDir('chromium')}`
    const page = await run('chromium', [...flags, profile, '--dump-dom', `${service.url}/docs`], {
      maxBuffer: 64 * 1024 * 1024,
    })
    // Swagger UI lets long paths break at their slashes.
    const shown = page.stdout.replaceAll(/<wbr\/?>|&ZeroWidthSpace;|\u200b/g, '')
    for (const path of Object.keys(paths)) expect(shown).toContain(path)
    expect(page.stderr.split('\n').filter((line) => /CONSOLE.*(Refused|violates|Error)/i.test(line))).toEqual([])
    expect(await service.stop()).toBe(0)
  },
  120_000,
)
