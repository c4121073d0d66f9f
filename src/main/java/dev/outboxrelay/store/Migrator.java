package dev.outboxrelay.store;

import java.util.Arrays;
import java.util.List;
import org.flywaydb.core.Flyway;
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
  private final Flyway flyway;

  /**
   * @param url JDBC URL of the database
   * @param user who migrates; the database's owner suffices
   * @param password may be empty
   */
  public Migrator(String url, String user, String password) {
    flyway =
        Flyway.configure()
            .dataSource(url, user, password)
            .jdbcProperties(Login.LIMITS)
            .schemas("outbox")
            .defaultSchema("outbox")
            .locations("classpath:db/migration")
            // All at once: between two of them a writer could meet a function that calls one which
            // is not there yet.
            .group(true)
            // Warnings are for the user, notices such as "already exists, skipping" are not.
            .initSql("set client_min_messages = warning")
            .load();
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
   * @throws org.flywaydb.core.api.FlywayException when the database cannot be reached or refuses;
   *     the cause is the {@link java.sql.SQLException}
   */
  public SchemaState state() {
    MigrationInfoService info = flyway.info();
    if (info.applied().length == 0) {
      return SchemaState.MISSING;
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

  private static String line(MigrateOutput applied) {
    String version =
        applied.version == null || applied.version.isEmpty() ? "repeatable" : "V" + applied.version;
    return version + " " + applied.description;
  }
}
