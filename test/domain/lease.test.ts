import { expect, test } from 'vitest'
import { type LeaseCommand, type LeaseEvent, leaseDecider } from '../../src/domain/lease/decide.ts'
import { sentences } from '../support/decider.ts'
import { atTime } from '../support/run-events.ts'

const { given } = sentences(leaseDecider)
const role = 'relay'
const taken = (owner: string, epoch: number, second: number): LeaseEvent => ({
  type: 'LeaseTaken',
  data: { role, owner, epoch, until: atTime(second) },
})
const take = (owner: string, second: number, seconds = 30): LeaseCommand => ({
  type: 'TakeLease',
  role,
  owner,
  at: atTime(second),
  until: atTime(second + seconds),
})
const release = (owner: string, second: number): LeaseCommand => ({
  type: 'ReleaseLease',
  role,
  owner,
  at: atTime(second),
})

test('a lease that nobody has is granted', () =>
  given()
    .when(take('a', 0))
    .thenHappens(taken('a', 1, 30)))

test('its owner renews it within its epoch, even after it ran out', () => {
  given(taken('a', 1, 30))
    .when(take('a', 20))
    .thenHappens(taken('a', 1, 50))
  given(taken('a', 1, 30))
    .when(take('a', 40))
    .thenHappens(taken('a', 1, 70))
})

test('nobody else gets it before it has run out', () =>
  given(taken('a', 1, 30))
    .when(take('b', 29))
    .thenRejects('LEASE_HELD'))

test('anybody gets it from the moment on at which it ends, in a new epoch', () =>
  given(taken('a', 1, 30))
    .when(take('b', 30))
    .thenHappens(taken('b', 2, 60)))

test('the epoch grows with every change of owner', () => {
  const changed = given(taken('a', 1, 30), taken('b', 2, 60), taken('a', 3, 90))
  changed.when(take('b', 95)).thenHappens(taken('b', 4, 125))
  expect(changed.state()).toEqual({ owner: 'a', epoch: 3, until: atTime(90) })
})

test('its owner gives it up from now on, and another gets it at once', () => {
  given(taken('a', 3, 30))
    .when(release('a', 10))
    .thenHappens(taken('a', 3, 10))
  given(taken('a', 3, 10))
    .when(take('b', 10))
    .thenHappens(taken('b', 4, 40))
})

test('nobody gives up what another holds, nor what has run out', () => {
  given(taken('a', 1, 30))
    .when(release('b', 10))
    .thenNothing()
  given(taken('a', 1, 30))
    .when(release('a', 30))
    .thenNothing()
  given().when(release('a', 0)).thenNothing()
})
