// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.store;

/**
 * How many sessions of the pool do what.
 *
 * @param lent a statement runs on them
 * @param idle nobody uses them
 * @param waiting statements that wait for one
 */
public record PoolUse(int lent, int idle, int waiting) {
  /** Of a database without a pool. */
  static final PoolUse NONE = new PoolUse(0, 0, 0);
}
