import { existsSync } from 'node:fs'
import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseRunId } from '../../../src/domain/ids.ts'
import { openDatabase } from '../../../src/engines/local/database.ts'
import { acme, type Bench, manifestOf, never, openBench, runId, temporaryFolder } from './support/bench.ts'

/** A tenant with one file, beside another tenant with a secret. */
const twoTenants = async (): Promise<Bench> => {
  const bench = await openBench()
  await bench.write('own.csv', 'a\n1\n')
  await mkdir(join(bench.tenantsDir, 'other'))
  await writeFile(join(bench.tenantsDir, 'other', 'secret.csv'), 'a\n42\n')
  return bench
}

const runSql = (bench: Bench, sql: string) =>
  bench.run(
    manifestOf({
      sources: { own: { type: 'csv', path: 'own.csv' } },
      transformations: [{ name: 'x', type: 'sql', sql }],
    }),
  )

describe('SQL of a manifest', () => {
  test.each([
    ['reads no file of the machine', "select * from read_csv('/etc/passwd')", /table function 'read_csv' is not/],
    ['reads none by a bare path', "select * from '/etc/passwd'", /no table '\/etc\/passwd'/],
    ['reads none as text', "select * from read_text('/etc/passwd')", /'read_text' is not/],
    ['reads none in a subquery', "select (select max(content) from read_text('/etc/passwd'))", /'read_text' is not/],
    ['reads none in WITH', "with p as (from read_text('/etc/passwd')) from p", /'read_text' is not/],
    ['reads none in a query that it makes', "select * from query('select 1')", /'query' is not/],
    ['lists no folder', "select * from glob('/etc/*')", /'glob' is not/],
    ['attaches no database', "attach '/tmp/x.db'", /Only a SELECT/],
    ['copies nothing out', "copy (select 1) to '/tmp/x.csv'", /Only a SELECT/],
    ['exports nothing', "export database '/tmp/x'", /Only a SELECT/],
    ['sets nothing', 'set threads = 8', /Only a SELECT/],
    ['sets no variable', 'set variable x = 1', /Only a SELECT/],
    ['takes no pragma', "pragma table_info('own')", /Only a SELECT/],
    ['calls nothing', 'call pragma_version()', /Only a SELECT/],
    ['installs nothing', 'install httpfs', /Only a SELECT/],
    ['makes no table', 'create table t as select 1', /Only a SELECT/],
    ['deletes nothing', 'delete from own', /Only a SELECT/],
    ['is one statement', 'select 1; select 2', /One SELECT is allowed, not 2 statements/],
    ['is at least one statement', '-- nothing', /One SELECT is allowed, not 0 statements/],
    ['cannot end the COPY around it', "select 1) to '/tmp/x.csv'; --", /Parser Error/],
    ['sees no catalog', 'from information_schema.tables', /no table 'information_schema.tables'/],
    ['sees no settings', 'from duckdb_settings()', /'duckdb_settings' is not/],
    ['sees no single setting', "select current_setting('allowed_directories')", /'current_setting' is not/],
    ['sees nothing by a schema', 'from temp.main.own', /no table 'temp.main.own'/],
  ])('%s', async (_, sql, message) => {
    await expect(runSql(await twoTenants(), sql)).rejects.toMatchObject({
      code: 'STAGE_FAILED',
      message: expect.stringMatching(message),
      retryable: false,
    })
  })

  test('of a check is held to the same', async () => {
    const bench = await twoTenants()
    const check = (sql: string) =>
      bench.run(
        manifestOf({
          sources: { own: { type: 'csv', path: 'own.csv' } },
          quality_checks: [{ name: 'sly', type: 'expression', on: 'own', sql }],
        }),
      )
    await expect(check("(select count(*) from read_text('/etc/passwd')) > 0")).rejects.toThrow(
      "sly: The table function 'read_text' is not allowed",
    )
    await expect(check('true) from own); select 1; --')).rejects.toThrow('sly: ')
    await expect(check('(select max(a) from nobody) = 1')).rejects.toThrow("sly: There is no table 'nobody' here")
    await expect(check('(select max(a) from own) = a')).resolves.toBeDefined()
  })
})

describe('DuckDB itself, were the reading of SQL to let something pass,', () => {
  const opened = async () => {
    const folder = await temporaryFolder()
    for (const name of ['root/run', 'other']) await mkdir(join(folder, name), { recursive: true })
    const root = join(folder, 'root')
    for (const path of ['root/own.csv', 'root/undeclared.csv', 'other/secret.csv', 'root/run/work.csv'])
      await writeFile(join(folder, path), 'a\n1\n')
    await symlink(join(folder, 'other'), join(root, 'link'))
    const reach = { files: [join(root, 'own.csv')], folder: join(root, 'run'), spill: join(root, 'run/spill'), root }
    return { root, database: await openDatabase(reach) }
  }

  test.each([
    ['a source', 'own.csv'],
    ["the run's own staging", 'run/work.csv'],
  ])('reads %s', async (_, path) => {
    const { root, database } = await opened()
    await expect(database.run(`from read_csv('${root}/${path}')`, never)).resolves.toBeDefined()
    await database.close()
  })

  test.each([
    ['a file of the machine', "from read_csv('/etc/passwd')"],
    ['a file of the tenant that is no source', "from read_csv('ROOT/undeclared.csv')"],
    ["another tenant's directory", "from read_csv('ROOT/../other/secret.csv')"],
    ['a way out of the staging folder', "from read_csv('ROOT/run/../../other/secret.csv')"],
    ['a link', "from read_csv('ROOT/link/secret.csv')"],
    ['a place to write elsewhere', "copy (select 1) to 'ROOT/x.csv'"],
    ['a database elsewhere', "attach 'ROOT/x.db'"],
    ['the list of a folder', "from glob('ROOT/*')"],
    ['an extension', 'load httpfs'],
    ['an installation', 'install httpfs'],
    ['a change of settings', 'set threads = 2'],
    ['an unlocking of settings', 'set enable_external_access = true'],
    ['a pragma that sets', 'pragma memory_limit = "9GB"'],
  ])('refuses %s', async (_, sql) => {
    const { root, database } = await opened()
    await expect(database.run(sql.replaceAll('ROOT', root), never)).rejects.toMatchObject({
      code: 'STAGE_FAILED',
      message: expect.stringMatching(/Permission Error|configuration has been locked|disabled/),
    })
    await database.close()
  })
})

describe('a path', () => {
  const sourceAt = (path: string) => ({
    ...manifestOf({
      sources: { s: { type: 'csv', path: 'own.csv' } },
      sinks: { out: { type: 'csv', from: 's', path: 'o.csv' } },
    }),
    sources: { s: { type: 'csv' as const, path } },
  })

  test.each([
    ['../other/secret.csv', /holds '\.\.'/],
    ['/etc/passwd', /is absolute/],
    ['link/secret.csv', /leads out of the tenant's directory/],
    ['link.csv', /leads out of the tenant's directory/],
  ])('of a source cannot be %s', async (path, message) => {
    const bench = await twoTenants()
    await symlink(join(bench.tenantsDir, 'other'), join(bench.root, 'link'))
    await symlink('/etc/passwd', join(bench.root, 'link.csv'))
    await expect(bench.run(sourceAt(path))).rejects.toMatchObject({
      message: expect.stringMatching(message),
      retryable: false,
    })
  })

  test('of a source may be a link within the directory', async () => {
    const bench = await twoTenants()
    await symlink(join(bench.root, 'own.csv'), join(bench.root, 'alias.csv'))
    await expect(bench.run(sourceAt('alias.csv'))).resolves.toBeDefined()
  })

  test('of a sink cannot lead out by a link, neither when staged nor when published', async () => {
    const bench = await twoTenants()
    const manifest = manifestOf({
      sources: { own: { type: 'csv', path: 'own.csv' } },
      sinks: { out: { type: 'csv', from: 'own', path: 'link/deep/out.csv' } },
    })
    const { load_out } = await bench.run(manifest)
    await symlink(join(bench.tenantsDir, 'other'), join(bench.root, 'link'))
    const refusal = "leads out of the tenant's directory"
    await expect(bench.engine.publish(acme, runId('run-1'), load_out?.files ?? [])).rejects.toThrow(refusal)
    await expect(bench.run(manifest, { run: 'run-2' })).rejects.toThrow(refusal)
    expect(await readdir(join(bench.tenantsDir, 'other'))).toEqual(['secret.csv'])
  })

  test('that a run id would fill in cannot climb or hide', async () => {
    const bench = await twoTenants()
    const manifest = manifestOf({
      sources: { own: { type: 'csv', path: 'own.csv' } },
      sinks: { out: { type: 'csv', from: 'own', path: '{run_id}/out.csv' } },
    })
    await expect(bench.run(manifest, { run: '.staging' })).rejects.toThrow("which is the engine's own")
  })

  test('of staging cannot be a link that leads out', async () => {
    const bench = await twoTenants()
    await symlink(join(bench.tenantsDir, 'other'), join(bench.root, '.staging'))
    await expect(runSql(bench, 'select 1')).rejects.toThrow("leads out of the tenant's directory")
    await expect(bench.engine.discard(acme, runId('x'))).rejects.toThrow("leads out of the tenant's directory")
  })

  test("a run called '..' does not make the tenant's directory its staging folder", async () => {
    const bench = await twoTenants()
    const climbing = parseRunId('..')
    if (climbing !== undefined)
      await expect(bench.engine.discard(acme, climbing)).rejects.toThrow('cannot name a folder')
    expect(existsSync(join(bench.root, 'own.csv'))).toBe(true)
  })
})
