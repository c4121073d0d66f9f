// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.operate;

import dev.outboxrelay.operate.Destinations.Change;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Has destinations and captures be as a file describes them. What would be another is found out by
 * doing it in a transaction that is rolled back: the database alone knows what values mean the
 * same. A capture that reads as what is there is left alone, so that its table is not locked.
 */
public final class Apply {
  /** Writers wait behind whoever waits for a table. */
  private static final String PATIENCE = "select set_config('lock_timeout', '2s', false)";

  private static final String TABLE =
      "select format('%I.%I', n.nspname, t.relname) as name from pg_class t"
          + " join pg_namespace n on n.oid = t.relnamespace"
          + " where t.oid = to_regclass(cast(? as text))";

  private static final String CAPTURE =
      "select outbox.capture(cast(? as regclass), cast(? as text), cast(? as text[]),"
          + " cast(? as text[]), cast(? as text[]), cast(? as text[]), cast(? as text),"
          + " cast(? as boolean), cast(? as boolean), cast(? as text), cast(? as boolean))";

  private static final String THERE =
      "select c.operations, c.key, c.columns, c.except_columns, c.condition, c.include_old,"
          + " c.skip_unchanged, c.fires, c.notify,"
          + " (select min(d.condition) from outbox_internal.capture_detail d"
          + " where d.source = c.source and d.destination = c.destination"
          + " and not d.inherited) as given,"
          + " (select coalesce(array_agg(cast(a.attname as text) order by k.position), '{}')"
          + " from pg_index i"
          + " cross join unnest(cast(i.indkey as smallint[])) with ordinality k(number, position)"
          + " join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.number"
          + " where i.indrelid = c.source and i.indisprimary and k.position <= i.indnkeyatts)"
          + " as primary_key"
          + " from outbox.capture_list c"
          + " where c.source = to_regclass(cast(? as text)) and c.destination = cast(? as text)";

  private final Session session;
  private final Destinations destinations;

  public Apply(Session session) throws SQLException {
    this.session = session;
    destinations = new Destinations(session);
    session.query(PATIENCE);
  }

  /**
   * What is another in the file.
   *
   * @param kind destination or capture
   * @param isNew whether there is none so far
   * @param changes the settings that are another, or that are given for a new one
   */
  public record Difference(String kind, String object, boolean isNew, List<Change> changes) {}

  /** The table's name with its schema; empty when there is none. */
  public Optional<String> table(String name) throws SQLException {
    return session.query(TABLE, name).stream().map(row -> row.text("name")).findFirst();
  }

  /**
   * A destination.
   *
   * @param keep whether to do it, or only to try
   */
  public Optional<Difference> destination(
      String name, Map<String, @Nullable String> values, boolean keep) throws SQLException {
    return within(keep, () -> destination(name, values));
  }

  private Optional<Difference> destination(String name, Map<String, @Nullable String> values)
      throws SQLException {
    if (destinations.find(name).isEmpty()) {
      Map<String, @Nullable String> all = new java.util.LinkedHashMap<>(values);
      all.put("name", name);
      destinations.add(all);
      Row made = destinations.find(name).orElseThrow();
      List<Change> changes = new ArrayList<>();
      values.keySet().forEach(each -> changes.add(new Change(each, null, made.get(each))));
      return Optional.of(new Difference("destination", name, true, changes));
    }
    List<Change> changes = values.isEmpty() ? List.of() : destinations.set(name, values);
    return changes.isEmpty()
        ? Optional.empty()
        : Optional.of(new Difference("destination", name, false, changes));
  }

  /**
   * A capture.
   *
   * @param destination settings that the file has for its destination
   * @param keep whether to do it, or only to try
   */
  public Optional<Difference> capture(
      WantedCapture wanted, Map<String, @Nullable String> destination, boolean keep)
      throws SQLException {
    Optional<Row> before = there(wanted);
    if (before.isPresent() && wanted.readsAs(before.get())) {
      return Optional.empty();
    }
    return within(
        keep,
        () -> {
          if (!keep && destinations.find(wanted.destination()).isEmpty()) {
            destination(wanted.destination(), destination);
          }
          session.query(CAPTURE, wanted.parameters());
          List<Change> changes = changes(before.orElse(null), there(wanted).orElseThrow());
          return changes.isEmpty()
              ? Optional.empty()
              : Optional.of(
                  new Difference(
                      "capture",
                      wanted.table() + " for " + wanted.destination(),
                      before.isEmpty(),
                      changes));
        });
  }

  private Optional<Row> there(WantedCapture wanted) throws SQLException {
    return session.query(THERE, wanted.table(), wanted.destination()).stream().findFirst();
  }

  /** How the condition was written is no setting: what it says is. */
  private static List<Change> changes(@Nullable Row before, Row after) {
    List<Change> changes = new ArrayList<>();
    after
        .without("given")
        .without("primary_key")
        .values()
        .forEach(
            (setting, value) -> {
              Object was = before == null ? null : before.get(setting);
              if (!Objects.equals(was, value)) {
                changes.add(new Change(setting, was, value));
              }
            });
    return changes;
  }

  private <T> T within(boolean keep, Session.Work<T> work) throws SQLException {
    return keep ? session.together(work) : session.tried(work);
  }
}
