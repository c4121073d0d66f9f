package dev.outboxrelay.store;

import java.util.List;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.MigrationInfo;
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
            .schemas("outbox")
            .defaultSchema("outbox")
            .locations("classpath:db/migration")
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

  private static String line(MigrateOutput applied) {
    String version =
        applied.version == null || applied.version.isEmpty() ? "repeatable" : "V" + applied.version;
    return version + " " + applied.description;
  }
}
