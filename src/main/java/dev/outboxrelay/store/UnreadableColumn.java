// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.store;

import java.util.Arrays;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * The columns of a look at a message whose values cannot be read, in their order: {@link
 * MessageSql} asks for them, of a row m, and {@link RowByRow} reads them.
 */
enum UnreadableColumn {
  DESTINATION("m.destination"),
  OP("m.op"),
  STATE("m.state"),
  ATTEMPTS("m.attempts"),
  XID("m.xid"),
  /** In milliseconds, negative or 0 when the time has come. */
  DUE_IN(Expressions.millisUntil("m.due_at")),
  SIZE(Expressions.SIZE),
  SOURCE("m.source"),
  GATE_KEY(Expressions.gateKey("m")),
  CREATED_AT("m.created_at");

  private final String expression;

  UnreadableColumn(String expression) {
    this.expression = expression;
  }

  /**
   * All, for a statement.
   *
   * @param instead what to ask for in place of some
   */
  static String list(Map<UnreadableColumn, String> instead) {
    return Arrays.stream(values())
        .map(column -> instead.getOrDefault(column, column.expression))
        .collect(Collectors.joining(", "));
  }

  /** The number by which a result has it. */
  int at() {
    return ordinal() + 1;
  }
}
