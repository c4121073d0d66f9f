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
  /** What takes sessions away, and what to do: the same words wherever it is found. */
  static final String POOLER_FINDING =
      "a connection pooler in transaction mode stands before the server: LISTEN, advisory locks and"
          + " prepared statements need a session of their own";

  static final String POOLER_REMEDY =
      "Give --database-url the server's own address, or a pool in session mode";

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
    return isCurrent(whenThere(migrator()::state));
  }

  private Migrator migrator() {
    return new Migrator(access.url(), access.user(), access.password());
  }

  private boolean isCurrent(Optional<SchemaState> state) {
    state.ifPresent(this::check);
    return state.isPresent();
  }

  /**
   * Whether a pooler takes away what the relay needs of a session. Asked before everything else,
   * which may fail through such a pooler with errors that tell nothing. False where the database
   * cannot be reached.
   */
  boolean isBehindTransactionPooler() {
    try {
      PoolerCheck.Kind kind = PoolerCheck.look(access.url(), access.user(), access.password());
      if (kind == PoolerCheck.Kind.SESSION) {
        LOG.info("a connection pooler in session mode stands before {}", access.location());
      }
      return kind == PoolerCheck.Kind.TRANSACTION;
    } catch (SQLException e) {
      LOG.debug("could not look for a pooler: {}", DatabaseProblem.shortText(e));
      return false;
    }
  }

  /**
   * As {@link #schemaIsCurrent}, for a command that needs sessions of its own.
   *
   * @throws UserError also when a pooler would take them away
   */
  boolean isReadyForSessions() throws InterruptedException {
    return isCurrent(inSession(migrator()::state));
  }

  /**
   * As {@link #whenThere}, for what needs a session of its own.
   *
   * @throws UserError also when a pooler would take it away
   */
  <T> Optional<T> inSession(Supplier<T> action) throws InterruptedException {
    return whenThere(
        () -> {
          if (isBehindTransactionPooler()) {
            throw new UserError(
                ExitCode.USAGE,
                "database " + access.location() + ": " + POOLER_FINDING + ". " + POOLER_REMEDY);
          }
          return action.get();
        });
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
