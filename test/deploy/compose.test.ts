import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { loadConfig } from '../../src/config.ts'
import { apiVersion } from '../../src/http/app.ts'
import { type Compose, composeOf, isOurs, parseYaml, type Service, schemaErrors, startedWith } from './compose.ts'
import { environmentOf, instructionsOf } from './dockerfile.ts'
import { comingCommands, comingVariables, commands, imageStage, isUnpinned, variables } from './project.ts'

const document = parseYaml(readFileSync('docker-compose.yml', 'utf8'))
const real = composeOf(document)

const each = ({ services }: Compose, wrong: (service: Service, name: string, all: Compose['services']) => string[]) =>
  Object.entries(services).flatMap(([name, service]) =>
    wrong(service, name, services).map((reason) => `${name}: ${reason}`),
  )
const ours = (compose: Compose, wrong: (service: Service) => string[]) =>
  each(compose, (service) => (isOurs(service) ? wrong(service) : []))

const isChecked = (service: Service): boolean =>
  service.healthcheck
    ? !service.healthcheck.disable
    : isOurs(service) && instructionsOf(imageStage, 'HEALTHCHECK').length > 0

/** Without those that are passed on, as if nothing were set. */
const environmentIn = ({ environment }: Service): Record<string, string> => ({
  ...environmentOf(imageStage),
  ...Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) => (value === null ? [] : [[name, value]])),
  ),
})
const hostsIn = ({ environment }: Service): string[] =>
  [environment.EVENTSTORE_URL, environment.NATS_URL].flatMap((urls) =>
    [...(urls ?? '').matchAll(/(?:\/\/|,)([a-z0-9-]+):\d+/g)].map(([, host = '']) => host),
  )

const rules: Record<string, (compose: Compose) => string[]> = {
  'every image has a version': (compose) => each(compose, ({ image }) => [image].filter(isUnpinned)),
  'our image has the version of the project': (compose) =>
    ours(compose, ({ image }) => [image].filter((name) => name !== `ledgerline:${apiVersion}`)),
  'what is waited for is there, and is checked where it must be healthy': (compose) =>
    each(compose, ({ depends_on }, _, all) =>
      Object.entries(depends_on).flatMap(([name, { condition }]) => {
        const awaited = all[name]
        return awaited && (condition !== 'service_healthy' || isChecked(awaited)) ? [] : [name]
      }),
    ),
  'our services wait until the servers that they talk to are healthy': (compose) =>
    ours(compose, (service) => {
      const hosts = hostsIn(service)
      if (hosts.length < 2) return ['a server is missing']
      return hosts.filter((host) => service.depends_on[host]?.condition !== 'service_healthy')
    }),
  'our services are given variables that are known': (compose) =>
    ours(compose, ({ environment }) =>
      Object.keys(environment).filter((name) => ![...variables, ...comingVariables].includes(name)),
    ),
  'our services start with what they are given, and only with authentication': (compose) =>
    ours(compose, (service) => {
      try {
        return loadConfig(environmentIn(service)).auth.mode === 'required' ? [] : ['open']
      } catch (error) {
        return [String(error)]
      }
    }),
  'our services run commands that are known': (compose) =>
    ours(compose, ({ command: [name] }) =>
      name === undefined || [...commands, ...comingCommands].includes(name) ? [] : [name],
    ),
  'our services have time to stop': (compose) =>
    ours(compose, ({ stop_grace_period: grace = '10s' }) =>
      Number(/^(\d+)s$/.exec(grace)?.[1]) * 1000 > loadConfig({}).shutdownGraceMs ? [] : [grace],
    ),
  'everything is started again': (compose) =>
    each(compose, ({ restart }) => (restart === 'unless-stopped' ? [] : [String(restart)])),
  'the API alone can be reached from elsewhere': (compose) =>
    each(compose, ({ ports }) =>
      ports.filter((port) => !['8000:8000', '127.0.0.1:2113:2113', '127.0.0.1:4222:4222'].includes(port)),
    ),
  'mounted files exist, and volumes are declared': (compose) =>
    each(compose, ({ volumes }) =>
      volumes
        .map((volume) => volume.split(':')[0] ?? '')
        .filter((source) => (source.startsWith('.') ? !existsSync(source) : !(source in compose.volumes))),
    ),
  'what we write to is a folder that the image made, for its own user': (compose) => {
    const made = instructionsOf(imageStage, 'RUN').flatMap(({ args }) => (args.includes('chown') ? args : []))
    return ours(compose, ({ volumes }) =>
      volumes.map((volume) => volume.split(':')[1] ?? '').filter((path) => !made.includes(path)),
    )
  },
  'all of ours that share a ledger share tenants; the API alone has keys, and its replicas the same': (compose) =>
    ours(compose, (service) => {
      const isApi = (one: Service) => one.command[0] !== 'worker'
      const at = (path: string, one: Service) => one.volumes.filter((volume) => volume.split(':')[1] === path)
      const keys = (one: Service) => (one.environment.KEYS_DIR ? at(one.environment.KEYS_DIR, one) : [])
      const others = Object.values(compose.services).filter(
        (other) => isOurs(other) && other.environment.EVENTSTORE_URL === service.environment.EVENTSTORE_URL,
      )
      const tenants = new Set(others.flatMap((other) => at('/data/tenants', other)))
      const all = new Set(others.filter(isApi).flatMap(keys))
      const hasKeys = service.volumes.some((volume) => /^[a-z-]*keys:/.test(volume))
      const sharesKeys = isApi(service) ? all.size === 1 && keys(service).length === 1 : !hasKeys
      const sharesTenants = tenants.size === 1 && at('/data/tenants', service).length === 1
      return [...(sharesKeys ? [] : ['keys']), ...(sharesTenants ? [] : ['tenants'])]
    }),
  'no two containers have one DATA_DIR': (compose) => {
    const dirs = Object.values(compose.services).flatMap(({ volumes }) =>
      volumes.filter((volume) => /:\/data$/.test(volume)),
    )
    return ours(compose, ({ volumes, deploy }) =>
      volumes.filter((volume) => dirs.filter((dir) => dir === volume).length > 1 || (deploy && dirs.includes(volume))),
    )
  },
}

const spoilt = (name: string, change: Partial<Service>): Compose => {
  const service = real.services[name]
  if (!service) throw new Error(`there is no service ${name}`)
  return { ...real, services: { ...real.services, [name]: { ...service, ...change } } }
}
const api = real.services.api?.environment ?? {}

const spoilers: Record<keyof typeof rules, Compose> = {
  'every image has a version': spoilt('nats', { image: 'nats:latest' }),
  'our image has the version of the project': spoilt('api', { image: 'ledgerline:0.0.9' }),
  'what is waited for is there, and is checked where it must be healthy': spoilt('nats', { healthcheck: undefined }),
  'our services wait until the servers that they talk to are healthy': spoilt('worker', { depends_on: {} }),
  'our services are given variables that are known': spoilt('api', { environment: { ...api, JWT_SECERT: null } }),
  'our services start with what they are given, and only with authentication': spoilt('api', {
    environment: { ...api, AUTH: 'open' },
  }),
  'our services run commands that are known': spoilt('worker', { command: ['work'] }),
  'our services have time to stop': spoilt('worker', { stop_grace_period: '10s' }),
  'everything is started again': spoilt('gateway', { restart: 'no' }),
  'the API alone can be reached from elsewhere': spoilt('nats', { ports: ['4222:4222'] }),
  'mounted files exist, and volumes are declared': spoilt('nats', { volumes: ['nats:/data', './nats.conf:/n'] }),
  'what we write to is a folder that the image made, for its own user': spoilt('api', { volumes: ['api:/var/data'] }),
  'all of ours that share a ledger share tenants; the API alone has keys, and its replicas the same': spoilt('api-2', {
    volumes: ['api-2:/data', 'keys:/keys', 'cluster-tenants:/data/tenants'],
  }),
  'no two containers have one DATA_DIR': spoilt('api-2', { volumes: ['api-1:/data'] }),
}

describe('docker-compose.yml', () => {
  test.each(Object.entries(rules))('%s', (name, wrong) => {
    expect(wrong(real)).toEqual([])
    expect(wrong(spoilers[name] ?? real), 'the rule sees nothing where there is something').not.toEqual([])
  })

  test('is what the Compose Specification says', () => {
    expect(schemaErrors(document)).toEqual([])
    expect(schemaErrors({ services: { a: { imgae: 'b' } } })).toEqual([expect.stringContaining('/services/a')])
    expect(schemaErrors({ services: { a: { ports: '8000:8000' } } })).not.toEqual([])
  })

  test('with keys that a worker has, without a volume for them, or with other data is not what we want', () => {
    const rule =
      rules['all of ours that share a ledger share tenants; the API alone has keys, and its replicas the same']
    const wrong = [
      spoilt('worker', { volumes: ['keys:/keys', 'tenants:/data/tenants'] }),
      spoilt('api', { volumes: ['api:/data', 'tenants:/data/tenants'] }),
      spoilt('api', { environment: { ...api, KEYS_DIR: '/other' } }),
      spoilt('worker', { volumes: ['cluster-tenants:/data/tenants'] }),
    ]
    for (const each of wrong) expect(rule?.(each)).not.toEqual([])
  })

  test('has nothing that Compose would take for a variable', () => {
    expect(readFileSync('docker-compose.yml', 'utf8')).not.toMatch(/\$/)
  })

  test('starts the cluster and nothing else from the gateway, and none of it otherwise', () => {
    const inCluster = Object.keys(real.services).filter((name) => real.services[name]?.profiles.includes('cluster'))
    expect(startedWith(real, 'gateway')).toEqual(inCluster.sort())
    const others = Object.keys(real.services).filter((name) => !inCluster.includes(name))
    expect(others.flatMap((name) => startedWith(real, name)).filter((name) => inCluster.includes(name))).toEqual([])
    expect(startedWith(spoilt('api-1', { depends_on: {} }), 'gateway')).toEqual(inCluster)
    expect(startedWith(spoilt('gateway', { depends_on: {} }), 'gateway')).toEqual(['gateway'])
  })

  test('knows what is still to come, and no longer than that', () => {
    expect(
      commands.filter((name) => comingCommands.includes(name)),
      'take it out of comingCommands',
    ).toEqual([])
    expect(
      variables.filter((name) => comingVariables.includes(name)),
      'take it out of comingVariables',
    ).toEqual([])
    expect([commands.includes('serve'), variables.includes('EVENTSTORE_URL')]).toEqual([true, true])
  })
})
