// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.docs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Every page: its links lead somewhere, its lines are short, its code says its language. */
final class PagesTest {
  private static final int PROSE = 100;
  private static final int TABLE = 160;
  private static final Path INTERNALS = Path.of("docs", "internals");
  private static final Path NOT_RUN = Path.of("src/test/resources/docs/not-run.txt");
  private static final int MOST_NOT_RUN = 40;

  private static final Pattern COMMAND =
      Pattern.compile("(?m)^(?:[$] )?(?:outbox-relay|bin/|docker|sudo|ssh|echo|export|mvn|java) ");

  private static final Set<String> LANGUAGES =
      Set.of(
          "sql",
          "sh",
          "text",
          "json",
          "ini",
          "yaml",
          "xml",
          "python",
          "js",
          "php",
          "java",
          "properties");

  @Test
  void links_ofEachPage_leadToFilesAndHeadings() {
    List<String> broken = new ArrayList<>();
    for (Page page : Page.all()) {
      for (String link : page.links()) {
        if (link.matches("(?:https?|mailto):.*")) {
          continue;
        }
        String[] parts = link.split("#", 2);
        Path target =
            parts[0].isEmpty()
                ? page.path()
                : Path.of("").resolve(page.path()).resolveSibling(parts[0]).normalize();
        if (!Files.exists(target)) {
          broken.add(page + ": there is no " + link);
        } else if (parts.length == 2 && !Page.of(target).anchors().contains(parts[1])) {
          broken.add(page + ": there is no heading " + link);
        }
      }
    }
    assertEquals(List.of(), broken);
  }

  @Test
  void pages_ofTheDocs_areReachedFromTheirIndex() {
    List<String> lost = new ArrayList<>();
    for (String part : List.of("start", "guides", "reference", "understand", "internals")) {
      Path folder = Path.of("docs", part);
      Set<String> linked = new TreeSet<>(Page.of(folder.resolve("README.md")).links());
      if (Files.exists(folder.resolve("decisions"))) {
        Page.of(folder.resolve("decisions/README.md"))
            .links()
            .forEach(link -> linked.add("decisions/" + link));
      }
      for (Page page : Page.under(folder)) {
        String name = folder.relativize(page.path()).toString();
        if (!name.equals("README.md") && !linked.contains(name)) {
          lost.add(page + " is not in the index");
        }
      }
    }
    assertEquals(List.of(), lost);
  }

  @Test
  void lines_ofProseAndTables_areShort() {
    List<String> tooLong = new ArrayList<>();
    for (Page page : Page.all()) {
      if (!page.path().startsWith(INTERNALS)) {
        tooLong.addAll(page.longLines(PROSE, TABLE));
      }
    }
    assertEquals(List.of(), tooLong);
  }

  @Test
  void fences_ofEachPage_sayTheirLanguage() {
    List<String> without = new ArrayList<>();
    for (Page page : Page.all()) {
      for (Fence fence : page.fences()) {
        if (!LANGUAGES.contains(fence.language()) && !fence.language().equals("setup")) {
          without.add(page + ":" + fence.line() + " '" + fence.language() + "'");
        }
      }
    }
    assertEquals(List.of(), without);
  }

  /** Blocks that nobody runs are few, and each is written down with its reason. */
  @Test
  void blocksThatAreNotRun_areTheListedOnes() throws Exception {
    List<String> marked = new ArrayList<>();
    for (Page page : RunPagesTest.pages()) {
      for (Fence fence : page.fences()) {
        fence.notRun().ifPresent(reason -> marked.add(page + ": " + reason));
      }
    }
    assertEquals(
        String.join("\n", Files.readAllLines(NOT_RUN)), String.join("\n", marked), "not-run.txt");
    assertTrue(marked.size() <= MOST_NOT_RUN, marked.size() + " blocks are not run");
  }

  /** A command that says it is text would be run by nobody, and listed nowhere. */
  @Test
  void commands_inReadmeStartAndGuides_sayThatTheyAre() {
    List<String> hidden = new ArrayList<>();
    for (Page page : RunPagesTest.pages()) {
      for (Fence fence : page.fences()) {
        if (fence.language().equals("text") && COMMAND.matcher(fence.text()).find()) {
          hidden.add(page + ":" + fence.line());
        }
      }
    }
    assertEquals(List.of(), hidden);
  }

  /** What contributors need stands in internals; what users read is free of it. */
  @Test
  void usersPages_nameNoTestsAndNoSeeds() {
    List<String> found = new ArrayList<>();
    for (Page page : Page.all()) {
      if (page.path().startsWith(INTERNALS) || page.path().equals(Path.of("CONTRIBUTING.md"))) {
        continue;
      }
      page.prose()
          .lines()
          .filter(line -> line.matches(".*\\b[A-Z]\\w+Test\\b.*|.*\\bseeds?\\b.*"))
          .forEach(line -> found.add(page + ": " + line));
    }
    assertEquals(List.of(), found);
  }

  /** A number and what was decided, then paragraphs that begin with what they are. */
  @Test
  void decisions_haveOneForm() throws Exception {
    Path folder = INTERNALS.resolve("decisions");
    String index = Files.readString(folder.resolve("README.md"));
    List<String> wrong = new ArrayList<>();
    for (Page page : Page.under(folder)) {
      String name = page.path().getFileName().toString();
      if (name.equals("README.md")) {
        continue;
      }
      String text = Files.readString(page.path());
      String heading = text.lines().findFirst().orElse("");
      if (!heading.matches("# " + name.substring(0, 4) + ": [A-Z].*")) {
        wrong.add(name + ": " + heading);
      }
      if (!text.contains("\n**Decided.**") || text.contains("\n##")) {
        wrong.add(name + ": say what was **Decided.**, in paragraphs without headings");
      }
      if (!index.replaceAll("\\s+", " ").contains("[" + heading.substring(2) + "](" + name + ")")) {
        wrong.add(name + ": the index does not name it by its heading");
      }
    }
    assertEquals(List.of(), wrong);
  }

  /** The states of a message, and each function that is called by one word. */
  @Test
  void glossary_hasTheStatesAndTheVerbs() {
    Set<String> words = new TreeSet<>();
    Pattern row = Pattern.compile("(?m)^\\| `(\\w+)` \\|");
    Page states = Page.of(Path.of("docs/understand/how-it-works.md"));
    row.matcher(states.section("The states of a message"))
        .results()
        .forEach(each -> words.add(each.group(1)));
    Page.of(Path.of("docs/reference/sql.md"))
        .headings(3)
        .forEach(heading -> words.add(heading.replaceAll("`(?:outbox\\.)?", "")));
    words.removeIf(word -> word.contains("_"));
    assertFalse(words.isEmpty());
    Pattern bold = Pattern.compile("(?m)^\\| \\*\\*(.+?)\\*\\* \\|");
    bold.matcher(Page.of(Path.of("docs/understand/glossary.md")).prose())
        .results()
        .forEach(each -> words.removeAll(List.of(each.group(1).split(", "))));
    assertEquals(Set.of(), words, "not in the glossary");
  }
}
