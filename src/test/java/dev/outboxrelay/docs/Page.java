// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.docs;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** A page of Markdown, as far as the tests look into it. */
final class Page {
  private static final Pattern FENCE = Pattern.compile("^( *)```(\\S*)$");
  private static final Pattern COMMENT = Pattern.compile("^ *<!-- (.*?) -->$");
  private static final Pattern HEADING = Pattern.compile("^#{1,6} (.*)$");
  private static final Pattern LINK = Pattern.compile("\\]\\(([^)\\s]+)\\)");
  private static final Pattern SOURCE = Pattern.compile("(?:src|srcset)=\"([^\"]+)\"");
  private static final Pattern CODE = Pattern.compile("`[^`]*`");

  private final Path path;
  private final List<String> lines;
  private final List<Fence> fences = new ArrayList<>();
  private final Set<String> marks = new HashSet<>();
  private final List<Integer> proseLines = new ArrayList<>();

  private Page(Path path, List<String> lines) {
    this.path = path;
    this.lines = lines;
    read();
  }

  static Page of(Path path) {
    try {
      return new Page(path, Files.readAllLines(path));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** For the reader's own tests. */
  static Page of(String name, String text) {
    return new Page(Path.of(name), text.lines().toList());
  }

  /** Every page of the repository. */
  static List<Page> all() {
    List<Page> pages = new ArrayList<>();
    for (String root : List.of("docs", "examples")) {
      pages.addAll(under(Path.of(root)));
    }
    try (Stream<Path> beside = Files.list(Path.of(""))) {
      beside.filter(Page::isMarkdown).sorted().map(Page::of).forEach(pages::add);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return pages;
  }

  /** Every page in a folder and those within it. */
  static List<Page> under(Path folder) {
    try (Stream<Path> files = Files.walk(folder)) {
      return files.filter(Page::isMarkdown).sorted().map(Page::of).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static boolean isMarkdown(Path file) {
    return file.toString().endsWith(".md");
  }

  private void read() {
    String mark = "";
    int i = 0;
    while (i < lines.size()) {
      String line = lines.get(i);
      Matcher fence = FENCE.matcher(line);
      Matcher comment = COMMENT.matcher(line);
      if (fence.matches()) {
        int end = closing(i + 1, fence.group(1) + "```");
        fences.add(
            new Fence(i + 1, fence.group(2), mark, text(i + 1, end, fence.group(1).length())));
        mark = "";
        i = end + 1;
      } else if (line.strip().equals("<!-- setup")) {
        int end = closing(i + 1, "-->");
        fences.add(new Fence(i + 1, "setup", "", text(i + 1, end, 0)));
        i = end + 1;
      } else if (comment.matches()) {
        mark = comment.group(1);
        marks.add(mark);
        i++;
      } else {
        mark = "";
        proseLines.add(i);
        i++;
      }
    }
  }

  private int closing(int from, String end) {
    for (int i = from; i < lines.size(); i++) {
      if (lines.get(i).equals(end)) {
        return i;
      }
    }
    throw new IllegalArgumentException(path + ":" + from + " is never closed by " + end);
  }

  private String text(int from, int to, int indent) {
    StringBuilder text = new StringBuilder();
    for (String line : lines.subList(from, to)) {
      text.append(line.length() < indent ? line.strip() : line.substring(indent)).append('\n');
    }
    return text.toString();
  }

  Path path() {
    return path;
  }

  /** What its comments of one line say. */
  Set<String> marks() {
    return marks;
  }

  List<Fence> fences() {
    return fences;
  }

  /** The page without what is fenced and without comments. */
  String prose() {
    StringBuilder prose = new StringBuilder();
    proseLines.forEach(i -> prose.append(lines.get(i)).append('\n'));
    return prose.toString();
  }

  /** Lines that are longer than they may be: tables up to one length, the rest up to another. */
  List<String> longLines(int prose, int table) {
    List<String> found = new ArrayList<>();
    for (int i : proseLines) {
      String line = lines.get(i);
      int allowed = line.strip().startsWith("|") ? table : prose;
      if (line.length() > allowed) {
        found.add(path + ":" + (i + 1) + " has " + line.length() + " characters");
      }
    }
    return found;
  }

  /** What stands between backticks, outside of fences. */
  List<String> codes() {
    return CODE.matcher(prose()).results().map(found -> found.group().replace("`", "")).toList();
  }

  /** The targets of links and pictures, as they are written. */
  List<String> links() {
    List<String> links = new ArrayList<>();
    String text = prose();
    Matcher link = LINK.matcher(CODE.matcher(text).replaceAll("code"));
    while (link.find()) {
      links.add(link.group(1));
    }
    Matcher source = SOURCE.matcher(text);
    while (source.find()) {
      links.add(source.group(1));
    }
    return links;
  }

  /** The anchors that headings make, as code hosts make them. */
  Set<String> anchors() {
    Map<String, Integer> seen = new HashMap<>();
    Set<String> anchors = new HashSet<>();
    for (int i : proseLines) {
      Matcher heading = HEADING.matcher(lines.get(i));
      if (heading.matches()) {
        String name = anchor(heading.group(1));
        int before = seen.merge(name, 1, Integer::sum) - 1;
        anchors.add(before == 0 ? name : name + "-" + before);
      }
    }
    return anchors;
  }

  private static String anchor(String heading) {
    return heading
        .strip()
        .toLowerCase(Locale.ROOT)
        .replaceAll("[^\\p{L}\\p{N} _-]", "")
        .replace(' ', '-');
  }

  /** What stands below a heading, up to the next one of the same level or a higher one. */
  String section(String heading) {
    StringBuilder section = new StringBuilder();
    int level = 0;
    for (int i : proseLines) {
      String line = lines.get(i);
      if (HEADING.matcher(line).matches()) {
        int hashes = line.indexOf(' ');
        if (level > 0 && hashes <= level) {
          break;
        }
        if (level == 0 && line.substring(hashes).strip().equals(heading)) {
          level = hashes;
        }
      }
      if (level > 0) {
        section.append(line).append('\n');
      }
    }
    if (level == 0) {
      throw new IllegalArgumentException(path + " has no heading " + heading);
    }
    return section.toString();
  }

  /** The headings of a level, without the hashes. */
  List<String> headings(int level) {
    String begin = "#".repeat(level) + " ";
    return proseLines.stream()
        .map(lines::get)
        .filter(line -> line.startsWith(begin))
        .map(line -> line.substring(begin.length()).strip())
        .toList();
  }

  @Override
  public String toString() {
    return path.toString();
  }
}
