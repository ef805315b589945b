// Moments in the visitor's own zone and language: the server writes them in UTC.

const language = document.documentElement.lang;
const CLOCK = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
// `11. 3.` is how a Korean list writes it; in English figures alone could be either order.
const DAY = { month: language === "ko" ? "numeric" : "short", day: "numeric", ...CLOCK };
const HOURS = 3600 * 1000;
const formats = {
  clock: new Intl.DateTimeFormat(language, CLOCK),
  day: new Intl.DateTimeFormat(language, DAY),
  year: new Intl.DateTimeFormat(language, { year: "numeric", ...DAY }),
  full: new Intl.DateTimeFormat(language, { dateStyle: "full", timeStyle: "medium" }),
  near: new Intl.RelativeTimeFormat(language, { numeric: "auto" }),
};

function startOfDay(moment) {
  return new Date(moment.getFullYear(), moment.getMonth(), moment.getDate());
}

/** `오늘 14:03`, `어제 09:10`, `11. 3. 09:10`, and the year where it is another. */
export function timeText(moment, now = new Date()) {
  const days = Math.round((startOfDay(moment) - startOfDay(now)) / (24 * HOURS));
  if (days === 0 || days === -1) {
    return `${formats.near.format(days, "day")} ${formats.clock.format(moment)}`;
  }
  const thisYear = moment.getFullYear() === now.getFullYear();
  return (thisYear ? formats.day : formats.year).format(moment);
}

export function clockText(moment) {
  return formats.clock.format(moment);
}

export function showTimes(root) {
  for (const element of root.querySelectorAll("time[datetime]")) {
    const moment = new Date(element.dateTime);
    if (Number.isNaN(moment.getTime())) continue;
    element.textContent = "clock" in element.dataset ? clockText(moment) : timeText(moment);
    element.title = formats.full.format(moment);
  }
}
