import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { composeOf, parseYaml } from './compose.ts'

const { services } = composeOf(parseYaml(readFileSync('docker-compose.yml', 'utf8')))
const named = (prefix: string) => Object.entries(services).filter(([name]) => new RegExp(`^${prefix}-\\d$`).test(name))
const fileOf = (name: string): string => readFileSync(`deploy/${name}`, 'utf8')

/** Below 2.11.2 its work queues lose jobs when it is killed (facts, NATS). */
const isOldNats = (image: string): boolean => {
  const [, major, minor, patch] = /^nats:(\d+)\.(\d+)\.(\d+)/.exec(image)?.map(Number) ?? []
  return !((major ?? 0) * 1e6 + (minor ?? 0) * 1e3 + (patch ?? 0) >= 2_011_002)
}

describe('NATS', () => {
  test('is new enough', () => {
    const images = [services.nats, ...named('nats').map(([, service]) => service)].map(
      (service) => service?.image ?? '',
    )
    expect(images.filter(isOldNats)).toEqual([])
    expect(['nats:2.11.1-alpine', 'nats:2.9.10', 'nats:latest'].filter((image) => !isOldNats(image))).toEqual([])
    expect(isOldNats('nats:2.11.2')).toBe(false)
  })

  test('writes to disk before it acknowledges, where it is alone', () => {
    expect(services.nats?.volumes).toContainEqual(expect.stringContaining('./deploy/nats.conf:'))
    expect(fileOf('nats.conf')).toMatch(/^ {2}sync_interval: always$/m)
  })

  test('is three servers with names of their own that know each other, in the cluster', () => {
    const names = named('nats').map(([name]) => name)
    expect(names).toHaveLength(3)
    for (const [name, { command, volumes }] of named('nats')) {
      expect(command.slice(-2)).toEqual(['--name', name])
      expect(volumes).toContainEqual(expect.stringContaining('./deploy/nats-cluster.conf:'))
      expect(volumes).toContain(`${name}:/data`)
    }
    const [, routes] = /routes: \[(.*)\]/.exec(fileOf('nats-cluster.conf')) ?? []
    expect(routes?.split(', ')).toEqual(names.map((name) => `nats://${name}:6222`))
  })

  test('reads the file that is mounted, and answers where the health check asks', () => {
    const all = Object.values(services).filter(({ image }) => image.startsWith('nats:'))
    expect(all).toHaveLength(4)
    for (const { command, volumes, healthcheck } of all) {
      expect(volumes).toContainEqual(expect.stringContaining(`:${command[2]}:ro`))
      expect(healthcheck?.test?.at(-1)).toBe('http://127.0.0.1:8222/healthz')
    }
    for (const file of ['nats.conf', 'nats-cluster.conf']) expect(fileOf(file)).toContain('http: 127.0.0.1:8222')
  })
})

describe('EventStoreDB', () => {
  test('is three members that gossip with the two others, in the cluster', () => {
    const members = named('eventstore')
    expect(members).toHaveLength(3)
    for (const [name, { environment, volumes }] of members) {
      const others = members.map(([other]) => other).filter((other) => other !== name)
      expect(environment).toMatchObject({
        EVENTSTORE_CLUSTER_SIZE: String(members.length),
        EVENTSTORE_GOSSIP_SEED: others.map((other) => `${other}:2113`).join(','),
        EVENTSTORE_NODE_HOST_ADVERTISE_AS: name,
        EVENTSTORE_REPLICATION_HOST_ADVERTISE_AS: name,
      })
      expect(volumes).toEqual([`${name}:/var/lib/eventstore`])
    }
  })
})

describe('the gateway', () => {
  test('passes on to the replicas that it waits for', () => {
    const upstream = [...fileOf('gateway.conf').matchAll(/server (\S+):8000;/g)].map(([, name]) => name)
    expect(upstream).toEqual(named('api').map(([name]) => name))
    expect(Object.keys(services.gateway?.depends_on ?? {})).toEqual(expect.arrayContaining(upstream))
  })

  test('names the client and nobody that the client names, and keeps the metrics of one replica to itself', () => {
    const conf = fileOf('gateway.conf')
    expect(conf).toMatch(/proxy_set_header X-Forwarded-For \$remote_addr;/)
    expect(conf).toMatch(/location = \/metrics \{\s+return 404;/)
    for (const [, { environment }] of named('api')) expect(environment).toHaveProperty('TRUSTED_PROXIES')
  })
})
