// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay.loop;

import dev.outboxrelay.store.DestinationStore;
import java.sql.SQLException;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Statements that fail again and again: each is told in the state of the destinations that wait for
 * it, until it succeeds. One write a destination at a time, and only what is new. Lives on the
 * core.
 */
public final class Troubles {
  /** Once or twice is no trouble: the database restarts, a row is locked. */
  private static final int TOLD_FROM = 3;

  private final Scheduler loop;
  private final DatabaseWork databaseWork;
  private final DestinationStore destinations;
  private final Map<String, Trouble> troubles = new HashMap<>();

  private static final class Trouble {
    /** The words of each statement that fails, by what it is for. */
    final Map<String, String> words = new LinkedHashMap<>();

    @Nullable String written;
    boolean writing;

    @Nullable String first() {
      return words.isEmpty() ? null : words.values().iterator().next();
    }
  }

  public Troubles(Scheduler loop, DatabaseWork databaseWork, DestinationStore destinations) {
    this.loop = loop;
    this.databaseWork = databaseWork;
    this.destinations = destinations;
  }

  /**
   * A statement whose failures are told.
   *
   * @param names the destinations that wait for it
   * @param what for the words
   */
  public <T> DatabaseWork.Statement<T> watched(
      Collection<String> names, String what, DatabaseWork.Statement<T> statement) {
    return new Watched<>(List.copyOf(names), what, statement);
  }

  private final class Watched<T> implements DatabaseWork.Statement<T> {
    private final List<String> names;
    private final String what;
    private final DatabaseWork.Statement<T> statement;

    /** Of tries one after the other, each on some thread, by way of the core. */
    private int failures;

    private boolean told;

    Watched(List<String> names, String what, DatabaseWork.Statement<T> statement) {
      this.names = names;
      this.what = what;
      this.statement = statement;
    }

    @Override
    public T run() throws SQLException {
      try {
        T result = statement.run();
        if (told) {
          loop.execute(() -> names.forEach(name -> put(name, what, null)));
        }
        return result;
      } catch (SQLException e) {
        failures++;
        if (failures >= TOLD_FROM && isToBeTold(e)) {
          told = true;
          String words = what.strip() + " fails: " + firstLine(e);
          loop.execute(() -> names.forEach(name -> put(name, what, words)));
        }
        throw e;
      }
    }
  }

  /** While there is no connection nothing can be written, and the relay says that it is lost. */
  private static boolean isToBeTold(SQLException e) {
    String state = e.getSQLState();
    return state != null && !state.startsWith("08") && !state.startsWith("57P");
  }

  private static String firstLine(SQLException e) {
    String message = String.valueOf(e.getMessage());
    return message.lines().findFirst().orElse(message);
  }

  private void put(String name, String what, @Nullable String words) {
    Trouble trouble = troubles.computeIfAbsent(name, n -> new Trouble());
    if (words != null) {
      trouble.words.put(what, words);
    } else {
      trouble.words.remove(what);
    }
    write(name, trouble);
  }

  private void write(String name, Trouble trouble) {
    String words = trouble.first();
    String written = trouble.written;
    if (trouble.writing) {
      return;
    }
    if (words == null && written == null) {
      troubles.remove(name);
      return;
    }
    if (words != null && words.equals(written)) {
      return;
    }
    trouble.writing = true;
    databaseWork.update(
        "report of " + name,
        () -> {
          if (words != null) {
            destinations.tellTrouble(name, words);
          } else if (written != null) {
            destinations.endTrouble(name, written);
          }
        },
        () -> {
          trouble.writing = false;
          trouble.written = words;
          write(name, trouble);
        });
  }
}
