// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.store;

import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/** What the numbers mean by which rows know destinations and captured tables. */
interface Names {
  String destination(int number) throws SQLException;

  Source source(int number) throws SQLException;

  /** A captured table, by the name under which its messages go. */
  record Source(@Nullable String schema, @Nullable String table) {}
}
