// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.bench;

import java.util.List;

/** What an idle relay runs a statement for, told by a part of its text, in one line. */
enum StatementKind {
  HEARTBEAT("heartbeat", "from outbox.relay_locks", "notify outbox_self_test_"),
  SWEEP(
      "sweep",
      "hashtextextended(d::text",
      "with w as materialized",
      "select o.destination, o.id from (select",
      "select pg_current_snapshot(), a.destination, a.id from",
      "select pg_relation_size('outbox.pending')",
      "update outbox.destination_state s set mark_cluster",
      "select d.number, case when d.due_at is not null",
      "with gone as (delete from outbox.parked where ctid"),
  CONNECTION("renewed connection", "set ", "SET application_name", "SHOW TRANSACTION ISOLATION"),
  OTHER("anything else");

  private final String words;
  private final List<String> parts;

  StatementKind(String words, String... parts) {
    this.words = words;
    this.parts = List.of(parts);
  }

  /** A statement that is not known is {@link #OTHER}: nothing is taken for harmless by default. */
  static StatementKind of(String statement) {
    String text = statement.replaceAll("\\s+", " ").replace("( ", "(");
    for (StatementKind kind : values()) {
      if (kind.parts.stream()
          .anyMatch(part -> kind == CONNECTION ? text.startsWith(part) : text.contains(part))) {
        return kind;
      }
    }
    return OTHER;
  }

  String words() {
    return words;
  }
}
