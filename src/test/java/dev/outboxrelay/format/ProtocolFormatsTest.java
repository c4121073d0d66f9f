// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.format;

import static dev.outboxrelay.format.Changes.text;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.outboxrelay.values.Change;
import dev.outboxrelay.values.Destination.Format;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** docs/reference/protocol.md shows messages and answers as they are. */
final class ProtocolFormatsTest {
  private static final Path PAGE = Path.of("docs/reference/protocol.md");
  private static final Path ANSWERS =
      Path.of("src/main/java/dev/outboxrelay/sink/tcp/AnswerJson.java");
  private static final String ROW = "{…}";

  private static String section(String heading) throws Exception {
    String after = Files.readString(PAGE).split("(?m)^## " + heading + "$", 2)[1];
    return after.split("(?m)^##+ ", 2)[0];
  }

  private static Set<String> found(String pattern, String text) {
    Set<String> found = new TreeSet<>();
    Pattern.compile(pattern).matcher(text).results().forEach(each -> found.add(each.group(1)));
    assertTrue(!found.isEmpty(), () -> "nothing is like " + pattern);
    return found;
  }

  /** With an ellipsis for the rows, and for the times of the relay's own clock. */
  @ParameterizedTest
  @EnumSource(
      value = Format.class,
      mode = EnumSource.Mode.EXCLUDE,
      names = {"PAYLOAD"})
  void example_ofEachFormat_isWhatIsWritten(Format format) throws Exception {
    String written =
        text(Formatters.of(format).format(Changes.update(ROW, ROW)))
            .replaceAll("\"(ts_\\w+)\":\\d+", "\"$1\":…");
    assertTrue(Files.readString(PAGE).lines().anyMatch(written::equals), written);
  }

  @Test
  void members_ofThePage_areThoseOfMessages() throws Exception {
    Set<String> members = new TreeSet<>();
    for (Change change :
        new Change[] {Changes.update("{}", "{}"), Changes.published("t", "{}", "{}")}) {
      JsonNode message =
          new ObjectMapper().readTree(text(Formatters.of(Format.CHANGE).format(change)));
      message.fieldNames().forEachRemaining(members::add);
    }
    Set<String> rows = found("(?m)^\\| (`\\w+`(?:, `\\w+`)*) \\|", section("Messages"));
    assertEquals(members, found("`(\\w+)`", String.join(" ", rows)));
  }

  @Test
  void members_ofAnswers_areThoseThatAreRead() throws Exception {
    assertEquals(
        found("\"([a-z_]+)\"", Files.readString(ANSWERS)),
        found("\"([a-z_]+)\":", section("Answers")));
  }
}
