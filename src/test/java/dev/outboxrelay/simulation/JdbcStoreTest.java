// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.simulation;

/** The contract, by PostgreSQL. */
final class JdbcStoreTest extends StoreContract {
  @Override
  Scene open() throws Exception {
    return new JdbcScene();
  }
}
