// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.console;

import dev.outboxrelay.http.HttpReply;
import dev.outboxrelay.operate.Action;
import dev.outboxrelay.operate.JsonPrinter;
import dev.outboxrelay.operate.MessageName;
import dev.outboxrelay.operate.Row;
import dev.outboxrelay.operate.Selection;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;

/** What a page may ask, and what it is answered: JSON. Whoever asks is known here already. */
final class Api {
  static final String JSON = "application/json; charset=utf-8";

  private static final int PAGE = 100;
  private static final int CHARACTERS = 64 * 1024;
  private static final int MOST_CHARACTERS = 16 * 1024 * 1024;

  private final Desk desk;
  private final Rates rates;
  private final Work work;
  private final Deeds deeds;
  private final Shared<List<Row>> doctor;
  private final Shared<List<Row>> captures;
  private final Shared<List<Row>> replays;
  private final Row about;

  /**
   * @param about what the page says of this relay
   */
  Api(Desk desk, Rates rates, Work work, Deeds deeds, Row about) {
    this.desk = desk;
    this.rates = rates;
    this.work = work;
    this.deeds = deeds;
    this.about = about;
    doctor = new Shared<>(desk::doctor);
    captures = new Shared<>(desk::captures);
    replays = new Shared<>(desk::replays);
  }

  /** A thing that can be asked, or done. */
  @FunctionalInterface
  private interface Call {
    Row of(Fields fields, Person person);
  }

  private final Map<String, Call> reads =
      Map.of(
          "/api/me", (fields, person) -> me(fields.only(), person),
          "/api/failed", this::failed,
          "/api/count", this::count,
          "/api/payload", this::payload,
          "/api/explain", this::explain,
          "/api/captures", this::captures,
          "/api/replays", this::replays,
          "/api/doctor", this::doctor,
          "/api/history", this::history,
          "/api/deeds", this::deeds);

  private final Map<String, Call> writes =
      Map.of(
          "/api/requeue", (fields, person) -> act(Action.REQUEUE, fields, person),
          "/api/discard", (fields, person) -> act(Action.DISCARD, fields, person),
          "/api/stop", this::stop,
          "/api/cancel-replay", this::cancelReplay,
          "/api/pause", (fields, person) -> pause(fields, person, true),
          "/api/resume", (fields, person) -> pause(fields, person, false));

  boolean isRead(String path) {
    return reads.containsKey(path);
  }

  boolean isWrite(String path) {
    return writes.containsKey(path);
  }

  /** Answers a question. */
  HttpReply read(String path, Fields fields, Person person) {
    return reply(reads, path, fields, person);
  }

  /** Does what an operator asks for. */
  HttpReply write(String path, Fields fields, Person person) {
    person.mustBeOperator();
    return reply(writes, path, fields, person);
  }

  private static HttpReply reply(
      Map<String, Call> calls, String path, Fields fields, Person person) {
    Call call = calls.get(path);
    if (call == null) {
      throw new Problem(404, "there is no '" + path + "'", "use the console's own page");
    }
    return json(200, call.of(fields, person));
  }

  static HttpReply json(int status, Row row) {
    return HttpReply.text(status, JSON, JsonPrinter.line(row));
  }

  /** Whose page it is. */
  Row me(Fields fields, Person person) {
    return about.with("name", person.name()).with("role", person.role().word());
  }

  private Row failed(Fields fields, Person person) {
    fields.only("selection", "after_destination", "after_number");
    String after = fields.optional("after_destination");
    long number = fields.number("after_number", Long.MIN_VALUE, Long.MAX_VALUE, Long.MIN_VALUE);
    List<Row> rows = desk.failed(fields.selection(), after == null ? "" : after, number, PAGE + 1);
    boolean more = rows.size() > PAGE;
    List<Row> page = more ? rows.subList(0, PAGE) : rows;
    Row last = more ? page.get(PAGE - 1) : null;
    return Row.of(
        "messages", page.stream().map(row -> row.with("number", row.text("number"))).toList(),
        "after_destination", last == null ? null : last.text("destination"),
        "after_number", last == null ? null : last.text("number"));
  }

  private Row count(Fields fields, Person person) {
    return Row.of("matching", desk.count(fields.only("selection").selection()));
  }

  private Row payload(Fields fields, Person person) {
    fields.only("id", "characters");
    MessageName id = fields.id();
    int characters = (int) fields.number("characters", 1, MOST_CHARACTERS, CHARACTERS);
    List<Row> rows = desk.payload(id, characters);
    if (rows.isEmpty()) {
      throw new Problem(
          404,
          "no message " + id.text() + " is set aside any more",
          "explain says what became of it");
    }
    deeds.note(person, "looks at the payload of " + id.text());
    return Row.of("messages", rows);
  }

  private Row explain(Fields fields, Person person) {
    return Row.of("reasons", desk.explain(fields.only("id").id()));
  }

  private Row captures(Fields fields, Person person) {
    fields.only();
    return Row.of("captures", captures.get());
  }

  private Row replays(Fields fields, Person person) {
    fields.only();
    return Row.of("replays", replays.get());
  }

  private Row doctor(Fields fields, Person person) {
    fields.only();
    return Row.of("findings", doctor.get());
  }

  private Row history(Fields fields, Person person) {
    fields.only();
    List<Row> all = new ArrayList<>();
    rates
        .history()
        .forEach(
            (name, points) ->
                all.add(
                    Row.of("destination", name, "points", Arrays.stream(points).boxed().toList())));
    return Row.of("point_seconds", (long) Rates.POINT_SECONDS, "destinations", all);
  }

  private Row deeds(Fields fields, Person person) {
    fields.only();
    return Row.of("deeds", deeds.last());
  }

  private Row act(Action action, Fields fields, Person person) {
    if (fields.isAll()) {
      Selection selection = fields.only("all", "selection").selection();
      attempt(
          person,
          verb(action) + " all failed messages of " + Work.words(selection),
          () -> {
            desk.mustBeAllowed(action);
            return true;
          });
      return Row.of("work", work.begin(action, selection, person));
    }
    List<MessageName> names = fields.only("ids").ids();
    List<String> done =
        attempt(
            person,
            verb(action)
                + " "
                + messages(names.size())
                + ": "
                + String.join(", ", names.stream().map(MessageName::text).toList()),
            () -> desk.act(action, names));
    deeds.note(
        person,
        action.past() + " " + done.size() + " of " + messages(names.size()) + ": " + words(done));
    return Row.of("done", done);
  }

  private static String verb(Action action) {
    return action.name().toLowerCase(Locale.ROOT);
  }

  private static String messages(int count) {
    return count == 1 ? "1 message" : count + " messages";
  }

  private static String words(List<String> names) {
    return names.isEmpty() ? "none" : String.join(", ", names);
  }

  /** What fails is noted too: where the connection breaks, it may have been done. */
  private <T> T attempt(Person person, String what, Supplier<T> action) {
    try {
      return action.get();
    } catch (Problem e) {
      deeds.note(
          person,
          "tried to "
              + what
              + (e.status() == 503 ? "; it is not known whether it was done" : "; nothing was done")
              + " ("
              + e.words()
              + ")");
      throw e;
    } catch (RuntimeException | Error e) {
      deeds.note(person, "tried to " + what + "; it is not known whether it was done");
      throw e;
    }
  }

  private Row stop(Fields fields, Person person) {
    fields.only();
    work.stop(person);
    return Row.of();
  }

  private Row cancelReplay(Fields fields, Person person) {
    fields.only("id").text("id");
    long id = fields.number("id", 1, Long.MAX_VALUE, 0);
    boolean changed = attempt(person, "cancel replay " + id, () -> desk.cancelReplay(id));
    replays.forget();
    if (changed) {
      deeds.note(person, "cancels replay " + id);
    }
    return Row.of("id", String.valueOf(id), "changed", changed);
  }

  private Row pause(Fields fields, Person person, boolean paused) {
    String destination = fields.only("destination").text("destination");
    String what = "'" + destination + "'";
    boolean changed =
        attempt(
            person, (paused ? "pause " : "resume ") + what, () -> desk.pause(destination, paused));
    if (changed) {
      deeds.note(person, (paused ? "pauses " : "resumes ") + what);
    }
    return Row.of("destination", destination, "paused", paused, "changed", changed);
  }
}
