// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.operate;

import java.sql.SQLException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a person does to the messages of one key: holds them, lets them go, erases them. */
public final class Keys {
  private static final String HOLD =
      "select outbox.hold_key(cast(? as text), cast(? as text), cast(cast(? as text) as regclass),"
          + " cast(? as text)) as changed";

  private static final String RELEASE =
      "select outbox.release_key(cast(? as text), cast(? as text),"
          + " cast(cast(? as text) as regclass)) as changed";

  private static final String HELD =
      "select coalesce(t.relation::text, '') as \"table\", h.key, h.held_at, h.held_by, h.reason"
          + " from outbox.held_key h left join outbox.source t on t.number = h.source"
          + " where h.destination = cast(? as text) order by h.held_at, h.key";

  private static final String ERASE =
      "select outbox.erase(cast(cast(? as text) as regclass), cast(? as text)) as messages";

  private final Session session;

  public Keys(Session session) {
    this.session = session;
  }

  /**
   * Holds the messages of a key.
   *
   * @param table null: messages of outbox.publish
   * @return false where they were held
   */
  public boolean hold(
      String destination, String key, @Nullable String table, @Nullable String reason)
      throws SQLException {
    return session.one(HOLD, destination, key, table, reason).isTrue("changed");
  }

  /**
   * Lets the messages of a key go.
   *
   * @param table null: whatever they are of
   * @return false where they were not held
   */
  public boolean release(String destination, String key, @Nullable String table)
      throws SQLException {
    return session.one(RELEASE, destination, key, table).isTrue("changed");
  }

  /** The keys that are held: {@code table}, {@code key}, {@code held_at}, {@code held_by}. */
  public List<Row> held(String destination) throws SQLException {
    return session.query(HELD, destination);
  }

  /**
   * Erases what is kept or set aside of a key, of all destinations.
   *
   * @param table null: messages of outbox.publish
   * @return how many messages
   */
  public long erase(@Nullable String table, String key) throws SQLException {
    return session.one(ERASE, table, key).number("messages");
  }
}
