// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.store;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.flywaydb.core.api.MigrationInfo;
import org.flywaydb.core.api.MigrationInfoService;
import org.flywaydb.core.api.MigrationState;
import org.flywaydb.core.api.output.MigrateOutput;

/**
 * Applies the migrations in {@code db/migration}: the same files, the same schema and the same
 * history table as the Flyway command line with {@code flyway.toml}, so that each finds nothing to
 * do after the other.
 */
public final class Migrator {
  private static final String SCHEMA = "outbox";

  /** What bears the name of the table of migrations, and is another thing. */
  private static final String NO_HISTORY =
      """
      select 1
      from pg_class c
      where c.relname = 'flyway_schema_history'
        and c.relnamespace = (select n.oid from pg_namespace n where n.nspname = ?)
        and (c.relkind <> 'r' or 10 > (
          select count(*) from pg_attribute a
          where a.attrelid = c.oid and not a.attisdropped and a.attname in (
            'installed_rank', 'version', 'description', 'type', 'script', 'checksum',
            'installed_by', 'installed_on', 'execution_time', 'success')))""";

  private static final String CONTENTS =
      Expressions.sql(
          """
      with o (name, schema) as (
        select relname, relnamespace from pg_class where relkind in ('r', 'p', 'v', 'm', 'f', 'S')
        union all select proname || '()', pronamespace from pg_proc
        union all select typname, typnamespace from pg_type where typtype in ('e', 'd', 'r'))
      select o.name
      from o
      where o.schema = (select n.oid from pg_namespace n where n.nspname = ?)
        and (o.name <> 'flyway_schema_history' or exists(%s))
      order by o.name limit ?""",
          NO_HISTORY);

  private final Login login;
  private final Flyway flyway;

  /**
   * @param login who migrates; the database's owner suffices
   */
  public Migrator(Login login) {
    this.login = login;
    flyway =
        Flyway.configure()
            .dataSource(new SessionSource(this::open))
            .schemas(SCHEMA)
            .defaultSchema(SCHEMA)
            .locations("classpath:db/migration")
            // All at once: between two of them a writer could meet a function that calls one which
            // is not there yet.
            .group(true)
            .load();
  }

  /** With a password that stays the same. */
  public Migrator(String url, String user, String password) {
    this(Login.of(url, user, password));
  }

  private Connection open() throws SQLException {
    Connection connection = login.open();
    try (Statement s = connection.createStatement()) {
      // Warnings are for the user, notices such as "already exists, skipping" are not.
      s.execute("set client_min_messages = warning");
      return connection;
    } catch (SQLException e) {
      Sessions.abort(connection);
      throw e;
    }
  }

  /**
   * Applies what is not applied yet.
   *
   * @return one line for each migration that was applied, empty when there was nothing to do
   */
  public List<String> migrate() {
    return flyway.migrate().migrations.stream().map(Migrator::line).toList();
  }

  /** How many migrations wait to be applied, new or changed. */
  public int pending() {
    MigrationInfo[] pending = flyway.info().pending();
    return pending.length;
  }

  /**
   * Compares what is applied with what this program holds. Reads the history table only.
   *
   * @throws FlywayException when the database cannot be reached or refuses; the cause is the {@link
   *     java.sql.SQLException}
   */
  public SchemaState state() {
    if (!isHistory()) {
      return SchemaState.FOREIGN;
    }
    MigrationInfoService info = flyway.info();
    List<MigrationInfo> applied =
        Arrays.stream(info.applied()).filter(m -> !m.getType().isSynthetic()).toList();
    if (applied.isEmpty()) {
      return strangers(1).isEmpty() ? SchemaState.MISSING : SchemaState.FOREIGN;
    }
    // Somebody else's history may have a version 1 as well; our functions it has not.
    if (applied.stream().noneMatch(m -> m.getVersion() == null && m.getState().isResolved())) {
      return SchemaState.FOREIGN;
    }
    boolean fromTheFuture =
        Arrays.stream(info.all())
            .map(MigrationInfo::getState)
            .anyMatch(s -> s == MigrationState.FUTURE_SUCCESS || s == MigrationState.FUTURE_FAILED);
    if (fromTheFuture) {
      return SchemaState.NEWER;
    }
    return info.pending().length == 0 ? SchemaState.CURRENT : SchemaState.OLDER;
  }

  /** Asked first: what reads the history fails where it is none. */
  private boolean isHistory() {
    try (Connection connection = open();
        PreparedStatement s = connection.prepareStatement(NO_HISTORY)) {
      s.setString(1, SCHEMA);
      try (ResultSet r = s.executeQuery()) {
        return !r.next();
      }
    } catch (SQLException e) {
      throw new FlywayException(Trouble.words(e), e);
    }
  }

  /**
   * What the schema holds beside the history of migrations.
   *
   * @param atMost so many names
   * @throws FlywayException as {@link #state}
   */
  public List<String> strangers(int atMost) {
    try (Connection connection = open();
        PreparedStatement s = connection.prepareStatement(CONTENTS)) {
      s.setString(1, SCHEMA);
      s.setString(2, SCHEMA);
      s.setInt(3, atMost);
      List<String> names = new ArrayList<>();
      try (ResultSet r = s.executeQuery()) {
        while (r.next()) {
          names.add(r.getString(1));
        }
      }
      return names;
    } catch (SQLException e) {
      throw new FlywayException(Trouble.words(e), e);
    }
  }

  private static String line(MigrateOutput applied) {
    String version =
        applied.version == null || applied.version.isEmpty() ? "repeatable" : "V" + applied.version;
    return version + " " + applied.description;
  }
}
