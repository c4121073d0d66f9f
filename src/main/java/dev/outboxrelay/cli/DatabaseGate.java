package dev.outboxrelay.cli;

import dev.outboxrelay.store.Migrator;
import dev.outboxrelay.store.PoolerCheck;
import dev.outboxrelay.store.SchemaState;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Supplier;
import org.flywaydb.core.api.FlywayException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stands before every command that needs the database: waits while it is not there, and ends the
 * command with one line when waiting would not help.
 */
final class DatabaseGate {
  private static final Logger LOG = LoggerFactory.getLogger(DatabaseGate.class);
  private static final Duration FIRST_PAUSE = Duration.ofMillis(500);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(15);

  private final DatabaseAccess access;
  private final Pause pause;

  /** Waits between two tries. */
  @FunctionalInterface
  interface Pause {
    /**
     * @return false to give up
     */
    boolean await(Duration duration) throws InterruptedException;
  }

  DatabaseGate(DatabaseAccess access, Pause pause) {
    this.access = access;
    this.pause = pause;
  }

  /**
   * Runs something on the database, again and again while the database is not there.
   *
   * @return empty when the pause gave up
   * @throws UserError when the database refuses
   */
  <T> Optional<T> whenThere(Supplier<T> action) throws InterruptedException {
    Duration next = FIRST_PAUSE;
    while (true) {
      try {
        return Optional.of(action.get());
      } catch (FlywayException e) {
        SQLException cause = DatabaseProblem.sqlCause(e);
        if (cause == null) {
          throw new UserError(
              ExitCode.REFUSED,
              "database " + access.location() + ": " + DatabaseProblem.shortText(e));
        }
        Optional<UserError> mistake = DatabaseProblem.asUserError(cause, access);
        if (mistake.isPresent()) {
          throw mistake.get();
        }
        LOG.warn(
            "database {} cannot be reached: {}; trying again in {}",
            access.location(),
            DatabaseProblem.shortText(cause),
            DurationConverter.format(next));
      }
      if (!pause.await(next)) {
        return Optional.empty();
      }
      next = next.multipliedBy(2);
      next = next.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : next;
    }
  }

  /**
   * Waits for the database and checks that its schema is this program's.
   *
   * @return false when the pause gave up
   * @throws UserError when the schema is not this program's
   */
  boolean schemaIsCurrent() throws InterruptedException {
    Migrator migrator = new Migrator(access.url(), access.user(), access.password());
    Optional<SchemaState> state = whenThere(migrator::state);
    state.ifPresent(this::check);
    return state.isPresent();
  }

  /** Warns where a pooler would take away what the relay needs of a session. */
  void warnOfPooler() {
    try {
      if (PoolerCheck.isBehindPooler(access.url(), access.user(), access.password())) {
        LOG.warn(
            "a connection pooler stands before {}: LISTEN and locks need a session of their own, so"
                + " give the relay the server's own address, or a pool in session mode",
            access.location());
      }
    } catch (SQLException e) {
      LOG.debug("could not look for a pooler: {}", DatabaseProblem.shortText(e));
    }
  }

  private void check(SchemaState state) {
    switch (state) {
      case CURRENT -> {}
      case MISSING ->
          throw new UserError(
              ExitCode.SCHEMA_MISSING,
              "database "
                  + access.location()
                  + " has no schema outbox: run 'outbox-relay migrate'");
      case OLDER ->
          throw new UserError(
              ExitCode.SCHEMA_OLDER,
              "the schema outbox in "
                  + access.location()
                  + " is older than this program: run 'outbox-relay migrate'");
      case NEWER ->
          throw new UserError(
              ExitCode.SCHEMA_NEWER,
              "the schema outbox in "
                  + access.location()
                  + " is newer than this program: run the version of outbox-relay that migrated"
                  + " it, or a later one");
    }
  }
}
