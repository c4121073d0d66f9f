// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.store;

import java.util.Arrays;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * The columns of a read of messages, in their order: {@link MessageSql} asks for them, of a row s
 * with its size, and {@link Rows} reads them. A value that would be too large stays away; each of
 * the five questions for that is a parameter.
 */
enum RowColumn {
  ID("s.id"),
  GATE_KEY(Expressions.gateKey("s")),
  OP("s.op"),
  SOURCE("s.source"),
  SCHEMA_NAME("s.schema_name"),
  TABLE_NAME("s.table_name"),
  TX("coalesce(s.tx, s.xid)"),
  CREATED_AT("s.created_at"),
  TYPE("case when s.size <= ? then s.type end"),
  ATTEMPTS("s.attempts"),
  SIZE("s.size"),
  OLD_ROW("case when s.size <= ? then s.old_row end"),
  NEW_ROW("case when s.size <= ? then s.new_row end"),
  HEADERS("case when s.size <= ? then s.headers end"),
  /** In milliseconds, negative or 0 when the time has come. */
  DUE_IN(Expressions.millisUntil("s.due_at")),
  STATE("s.state"),
  DESTINATION("s.destination"),
  /** The key, where the gate has only its hash. */
  LARGE_KEY("case when octet_length(s.key) > 200 and s.size <= ? then s.key end"),
  XID("s.xid"),
  /** In milliseconds, negative or 0 when the time has come; a day at most. */
  EXPIRES_IN(Expressions.millisUntil("s.expires_at"));

  private final String expression;

  RowColumn(String expression) {
    this.expression = expression;
  }

  /** All, for a statement. */
  static String list() {
    return list(Map.of());
  }

  /**
   * All, for a statement.
   *
   * @param instead what to ask for in place of some
   */
  static String list(Map<RowColumn, String> instead) {
    return Arrays.stream(values())
        .map(column -> instead.getOrDefault(column, column.expression))
        .collect(Collectors.joining(", "));
  }

  /**
   * @param before how many columns stand before these
   * @return the number by which a result has it
   */
  int after(int before) {
    return before + ordinal() + 1;
  }
}
