// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay.events;

/** What makes the relay read the queue. */
public enum Wake {
  /** A writer rang. */
  BELL,
  /** The doorbell is awake, so it is looked now and then; or it has just fallen asleep. */
  AWAKE,
  /** A person has changed destinations or messages. */
  CHANGE,
  /** The regular poll, where one is configured. */
  POLL,
  /** The sweep. */
  SWEEP
}
