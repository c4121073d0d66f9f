package dev.outboxrelay.bench;

import java.util.List;

/** What an idle relay runs a statement for, told by a part of its text. */
enum StatementKind {
  HEARTBEAT("heartbeat", "from outbox.relay_locks", "notify outbox_self_test_"),
  SWEEP(
      "sweep",
      "hashtextextended(d::text",
      "with w as materialized",
      "select m.destination, m.id from outbox.message m where m.destination = any",
      "select d.name, case when d.due_at is not null",
      "delete from outbox.message where id = any (array(select m.id from outbox.destination d"),
  CONNECTION("renewed connection", "set ", "SET application_name", "SHOW TRANSACTION ISOLATION"),
  OTHER("anything else");

  private final String words;
  private final List<String> parts;

  StatementKind(String words, String... parts) {
    this.words = words;
    this.parts = List.of(parts);
  }

  /** A statement that is not known is {@link #OTHER}: nothing is taken for harmless by default. */
  static StatementKind of(String text) {
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
