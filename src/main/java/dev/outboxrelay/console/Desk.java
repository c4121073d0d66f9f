// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.console;

import dev.outboxrelay.operate.Action;
import dev.outboxrelay.operate.MessageName;
import dev.outboxrelay.operate.Repair;
import dev.outboxrelay.operate.Row;
import dev.outboxrelay.operate.Selection;
import java.util.List;

/**
 * What the console asks of the database. Everything may take a while, and throws a {@link Problem}
 * when it cannot be had. Safe for threads.
 */
interface Desk {
  /** A row a destination: {@code outbox.status}, and about how many bytes are owed. */
  List<Row> look();

  /** Ends the session that {@link #look} keeps from one look to the next. */
  void rest();

  /**
   * Failed messages that match, of each destination the oldest first.
   *
   * @param destination of the last one before, empty at the beginning
   * @param number of the last one before
   */
  List<Row> failed(Selection selection, String destination, long number, int limit);

  /** How many failed messages match. */
  long count(Selection selection);

  /** The rows of failed messages of this name, cut after so many characters. */
  List<Row> payload(MessageName name, int characters);

  /** Why a message waits. */
  List<Row> explain(MessageName name);

  List<Row> captures();

  /** Replays, those that have not ended first. */
  List<Row> replays();

  /**
   * Ends a replay after its step that is under way.
   *
   * @return whether it had not ended yet
   */
  boolean cancelReplay(long id);

  /** What the doctor finds. */
  List<Row> doctor();

  /**
   * Pauses or resumes.
   *
   * @return whether that changed anything
   */
  boolean pause(String destination, boolean paused);

  /** Throws a {@link Problem} with what is missing when the relay's login may not do it. */
  void mustBeAllowed(Action action);

  /**
   * Does it to single messages: to all that it can be done to, or to none when it fails.
   *
   * @return the names of those that it was done to
   */
  List<String> act(Action action, List<MessageName> names);

  /** Does it to all failed messages that match. */
  Repair.Outcome act(Action action, Selection selection, Repair.Progress progress);
}
