import { expect, test } from 'vitest'
import { Service, temporaryDir } from './service.ts'

test('the demo runs on an empty directory, tells both stories and leaves nothing behind', async () => {
  const demo = new Service(['demo'], { TMPDIR: await temporaryDir('demo') })
  expect(await demo.exited()).toBe(0)
  for (const day of ['2001-01-01', '2001-01-02', '2001-01-03', '2001-01-04']) {
    expect(demo.stdout).toContain(`${day}  SUCCESS`)
  }
  expect(demo.stdout).toMatch(/dev\s+asks for full_scoring_pipeline 1\.0\.0 on BATCH_001/)
  expect(demo.stdout).toMatch(/completes ingest_synthetic_batch: {"parties_created":100}/)
  expect(demo.stdout.match(/succeeds; the outputs are published/g)).toHaveLength(2)
  expect(demo.stderr).toBe('')
})
