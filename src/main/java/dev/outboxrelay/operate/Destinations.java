// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.operate;

import dev.outboxrelay.values.Destination;
import dev.outboxrelay.values.Destination.Ack;
import dev.outboxrelay.values.Destination.Brakes;
import dev.outboxrelay.values.Destination.Format;
import dev.outboxrelay.values.Destination.Framing;
import dev.outboxrelay.values.Destination.OnFailure;
import dev.outboxrelay.values.Destination.Ordering;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Where messages go: {@code outbox.destination}, whatever settings it has. */
public final class Destinations {
  private static final String ALL =
      "select d.* from outbox.destination d"
          + " where cast(? as text) is null or d.name = cast(? as text) order by d.name";

  /** What a person sets: neither numbers that the database gives out nor the time of birth. */
  private static final String SETTINGS =
      "select column_name::text as name, data_type::text as type from information_schema.columns"
          + " where table_schema = 'outbox' and table_name = 'destination'"
          + " and is_identity = 'NO' and is_generated = 'NEVER'"
          + " and column_name not in ('number', 'created_at')"
          + " order by ordinal_position";

  private static final String EPOCH = "select epoch from outbox.status where destination = ?";
  private static final String REMOVE = "delete from outbox.destination where name = ?";
  private static final String PAUSE = "select outbox.pause(cast(? as text))";
  private static final String RESUME = "select outbox.resume(cast(? as text))";

  private final Session session;

  public Destinations(Session session) {
    this.session = session;
  }

  /** One that is another now. */
  public record Change(String setting, @Nullable Object before, @Nullable Object after) {}

  /** All, or the one of this name, with all settings. */
  public List<Row> list(@Nullable String name) throws SQLException {
    List<Row> rows = new ArrayList<>();
    for (Row row : session.query(ALL, name, name)) {
      rows.add(row.without("id").without("number").without("doorbell"));
    }
    return rows;
  }

  /** The one of this name. */
  public Optional<Row> find(String name) throws SQLException {
    return list(name).stream().findFirst();
  }

  public List<String> names() throws SQLException {
    return list(null).stream().map(row -> row.text("name")).toList();
  }

  /** The names of what can be set, and the types. */
  public Map<String, String> settings() throws SQLException {
    Map<String, String> types = new LinkedHashMap<>();
    session.query(SETTINGS).forEach(row -> types.put(row.text("name"), row.text("type")));
    return types;
  }

  /**
   * Makes one.
   *
   * @param values by setting, {@code name} and {@code uri} among them; null is null
   * @throws IllegalArgumentException when there is no such setting
   */
  public void add(Map<String, @Nullable String> values) throws SQLException {
    Map<String, String> types = settings();
    List<String> names = new ArrayList<>();
    List<String> casts = new ArrayList<>();
    values.forEach(
        (setting, value) -> {
          names.add(quoted(setting));
          casts.add("cast(? as " + type(types, setting) + ")");
        });
    session.execute(
        "insert into outbox.destination ("
            + String.join(", ", names)
            + ") values ("
            + String.join(", ", casts)
            + ")",
        values.values().toArray());
  }

  /**
   * Changes settings of one.
   *
   * @return what is another now; empty when there is none of this name, or nothing is
   * @throws IllegalArgumentException when there is no such setting
   */
  public List<Change> set(String name, Map<String, @Nullable String> values) throws SQLException {
    Map<String, String> types = settings();
    List<String> parts = new ArrayList<>();
    List<@Nullable Object> parameters = new ArrayList<>();
    values.forEach(
        (setting, value) -> {
          parts.add(quoted(setting) + " = cast(? as " + type(types, setting) + ")");
          parameters.add(value);
        });
    parameters.add(name);
    String statement =
        "update outbox.destination set " + String.join(", ", parts) + " where name = ?";
    String newName = Objects.requireNonNullElse(values.get("name"), name);
    return session.together(
        () -> {
          Optional<Row> before = find(name);
          session.execute(statement, parameters.toArray());
          Optional<Row> after = find(newName);
          return before.isEmpty() || after.isEmpty()
              ? List.of()
              : changes(before.get(), after.get());
        });
  }

  private static List<Change> changes(Row before, Row after) {
    List<Change> changes = new ArrayList<>();
    after
        .values()
        .forEach(
            (setting, value) -> {
              if (!Objects.equals(value, before.get(setting))) {
                changes.add(new Change(setting, before.get(setting), value));
              }
            });
    return changes;
  }

  /** The type's name as the database tells it; nothing of what a person types gets into a text. */
  private static String type(Map<String, String> types, String setting) {
    String type = types.get(setting);
    if (type == null) {
      throw new IllegalArgumentException(
          "'" + setting + "' is no setting of a destination; there are " + types.keySet());
    }
    return type;
  }

  private static String quoted(String name) {
    return '"' + name.replace("\"", "\"\"") + '"';
  }

  /** Deletes one; false when there is none of this name. */
  public boolean remove(String name) throws SQLException {
    return session.execute(REMOVE, name) > 0;
  }

  /** Stops sending to one that is there, or goes on. */
  public void pause(String name, boolean paused) throws SQLException {
    session.query(paused ? PAUSE : RESUME, name);
  }

  /** The epoch in which its messages are sent now. */
  long epoch(String name) throws SQLException {
    return session.query(EPOCH, name).stream().mapToLong(row -> row.number("epoch")).sum();
  }

  /** A row of {@link #list} as what a transport connects to. */
  static Destination destination(Row row) {
    return new Destination(
        1,
        row.text("name"),
        1,
        row.text("uri"),
        Format.valueOf(upper(row, "format")),
        Framing.valueOf(upper(row, "framing")),
        Ack.valueOf(upper(row, "ack")),
        Ordering.KEY,
        1,
        Duration.ofSeconds(1),
        Duration.ofSeconds(1),
        (Duration) Objects.requireNonNull(row.get("ack_timeout")),
        (Duration) Objects.requireNonNull(row.get("connect_timeout")),
        1,
        OnFailure.SKIP,
        null,
        Brakes.NONE,
        false,
        row.get("options") instanceof Json options ? options.text() : "{}");
  }

  private static String upper(Row row, String name) {
    return row.text(name).toUpperCase(Locale.ROOT);
  }
}
