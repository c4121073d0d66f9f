// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.simulation;

/** The contract, by the simulator's database. */
final class MemoryStoreTest extends StoreContract {
  @Override
  Scene open() {
    return new MemoryScene();
  }
}
