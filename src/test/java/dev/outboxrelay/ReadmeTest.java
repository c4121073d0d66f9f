package dev.outboxrelay;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import dev.outboxrelay.testing.TestDatabase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** What README tells people to paste works, and what it points at is there. */
final class ReadmeTest {
  private static final Path README = Path.of("README.md");
  private static final Pattern SQL = Pattern.compile("^ {0,8}(insert|select|update) ");
  private static final Pattern INLINE_SQL = Pattern.compile("`(select outbox\\.[^`]+;)`");
  private static final Pattern LINK = Pattern.compile("\\]\\((?!https?:)([^)#]+)\\)");
  private static final int LEAST_STATEMENTS = 15;

  private static List<String> statements() throws IOException {
    List<String> statements = new ArrayList<>();
    StringBuilder open = new StringBuilder();
    for (String line : Files.readAllLines(README)) {
      if (open.isEmpty() && !SQL.matcher(line).find()) {
        INLINE_SQL.matcher(line).results().forEach(found -> statements.add(found.group(1)));
        continue;
      }
      open.append(line.strip()).append('\n');
      if (line.stripTrailing().endsWith(";")) {
        statements.add(open.toString());
        open.setLength(0);
      }
    }
    return statements;
  }

  @Test
  void sql_ofReadme_runsInItsOrder() throws Exception {
    List<String> statements = statements();
    assertTrue(statements.size() >= LEAST_STATEMENTS, statements.toString());
    try (TestDatabase db = TestDatabase.create()) {
      db.execute(
          "create table orders (id int primary key, status text, card_number text)",
          "insert into orders values (1, 'paid', '4111')");
      try (Connection connection = db.connect();
          Statement s = connection.createStatement()) {
        for (String statement : statements) {
          try {
            s.execute(statement);
          } catch (SQLException e) {
            fail(statement + e.getMessage());
          }
        }
      }
    }
  }

  @Test
  void links_ofReadme_leadToFiles() throws IOException {
    List<Executable> checks = new ArrayList<>();
    Matcher links = LINK.matcher(Files.readString(README));
    while (links.find()) {
      String target = links.group(1);
      checks.add(() -> assertTrue(Files.exists(Path.of(target)), target + " is not there"));
    }
    assertAll(checks);
  }
}
