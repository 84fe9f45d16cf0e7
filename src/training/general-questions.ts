// Questions about everything else: a tuned model must still find their passages about as well as its base does.
import type { EvaluationSet } from '../evaluation/data-set.js';

/**
 * Title, passage, question. Four passages a subject, near enough to be taken for one another, and questions in other words than their
 * passages. Our own words, general knowledge.
 */
const ENTRIES: readonly (readonly [string, string, string])[] = [
  [
    'Yeast dough',
    'Yeast ferments sugar in the flour and gives off carbon dioxide, which the gluten holds in bubbles. A long, cool rest gives more aroma than a short, warm one.',
    'Why does bread rise, and why let it stand overnight in the fridge?',
  ],
  [
    'Sourdough starter',
    'A starter is a culture of wild yeasts and lactic acid bacteria, kept alive by feeding it flour and water. The acid lets rye bread keep its shape.',
    'How do I keep a culture of wild microbes for baking alive?',
  ],
  [
    'Baking powder',
    'Baking powder holds a dry acid and sodium bicarbonate; when wet and hot they react and release gas at once, so the batter should go into the oven without delay.',
    'Which leavening works without any waiting time?',
  ],
  [
    'Crust and steam',
    'Steam in the first minutes keeps the surface of a loaf soft, so that it can grow, and turns its starch into a glossy layer that becomes crisp later.',
    'What makes the outside of a loaf shiny and crunchy?',
  ],
  [
    'Heart valves',
    'Four valves keep blood from flowing back. Their closing makes the two sounds that are heard through a stethoscope.',
    'What causes the thumping heard when listening to a chest?',
  ],
  [
    'Blood pressure',
    'The upper figure is the pressure while the heart contracts, the lower one that between two beats. Stiff arteries raise the upper one.',
    'What do the two numbers of the cuff measurement stand for?',
  ],
  [
    'Coronary arteries',
    'These vessels supply the heart muscle itself. When one is blocked, the tissue behind it dies within hours.',
    'What happens in a heart attack?',
  ],
  [
    'Pacemaker cells',
    'A group of cells in the right atrium fires by itself about seventy times a minute and sets the rhythm of the whole heart.',
    'Where does the pulse come from, without any order by the brain?',
  ],
  [
    'Lighthouse lenses',
    'A Fresnel lens is cut into rings, so that it bends light like a thick lens but weighs far less. It made lamps visible from thirty kilometres.',
    'How could an oil lamp be seen from so far out at sea?',
  ],
  [
    'Telescope mirrors',
    'A concave mirror gathers faint light and shows no colour fringes, because reflection does not depend on wavelength.',
    'Why do large astronomical instruments use reflection rather than glass lenses?',
  ],
  [
    'Microscope resolution',
    'Two points nearer to each other than half a wavelength of the light cannot be told apart, however much the image is enlarged.',
    'Why can an optical instrument not show a virus?',
  ],
  [
    'Spectacles',
    'A short-sighted eye bends light too strongly; a diverging glass moves the focus back onto the retina.',
    'Which kind of glasses helps somebody who sees distant things blurred?',
  ],
  [
    'Suspension bridges',
    'The deck hangs from cables that run over towers to anchors in the ground. Cables carry tension only, which steel bears well, so spans may exceed a kilometre.',
    'Which way of crossing a strait allows the widest gap between supports?',
  ],
  [
    'Arch bridges',
    'An arch turns the load into compression along its curve and pushes outwards on its abutments; stone bears that for centuries.',
    'Why do Roman crossings of masonry still stand?',
  ],
  [
    'Expansion joints',
    'Steel and concrete grow in summer; gaps with sliding plates let a road deck change its length without cracking.',
    'What are the metal combs for that one drives over on a viaduct?',
  ],
  [
    'Resonance of structures',
    'When steps or wind gusts come in the rhythm of a structure’s own swing, the motion builds up; dampers take the energy out.',
    'Why must soldiers not march in step over a footbridge?',
  ],
  [
    'Compound interest',
    'Interest that is left in the account earns interest itself. At seven per cent a sum doubles in about ten years.',
    'How do savings grow when nothing is withdrawn?',
  ],
  [
    'Inflation',
    'When prices rise in general, the same money buys less. Central banks answer by raising the rate at which they lend.',
    'Why does a coin buy fewer goods than it did ten years ago?',
  ],
  [
    'Shares and bonds',
    'A share is a part of a company and gains or loses with it; a bond is a loan that pays a fixed rate and is repaid at a date.',
    'What is the difference between owning a piece of a firm and lending to it?',
  ],
  [
    'Insurance',
    'Many people pay a little so that the few who suffer a large loss are made whole. It works when losses are independent of one another.',
    'How can a small yearly payment protect against the burning down of a house?',
  ],
  [
    'Photosynthesis',
    'Chlorophyll takes up red and blue light; its energy splits water, frees oxygen, and drives the making of sugar from carbon dioxide.',
    'How do leaves feed a plant with nothing but sun, air and water?',
  ],
  [
    'Pollination',
    'Bees carry pollen from flower to flower on their hairs while they drink nectar. Without them most fruit trees bear little.',
    'Why do orchards need insects?',
  ],
  [
    'Soil life',
    'Fungi and bacteria break dead leaves down to humus, which holds water and gives nutrients back to roots.',
    'What becomes of fallen foliage in a forest?',
  ],
  [
    'Grafting',
    'A twig of one variety is joined to the root of another; cambium grows onto cambium, and the tree bears the fruit of the twig.',
    'How can two sorts of apple grow on one trunk?',
  ],
  [
    'Tides',
    'The Moon pulls the near side of the ocean more than the Earth and the far side less; two bulges of water result, and the Earth turns below them.',
    'Why does the sea rise and fall twice a day?',
  ],
  [
    'Trade winds',
    'Air rises at the equator, sinks near thirty degrees, and flows back along the surface; the turning Earth bends it to the west.',
    'Which steady breezes took sailing ships across the Atlantic?',
  ],
  [
    'Thunder',
    'Lightning heats air to some thirty thousand degrees in a moment; the air expands like an explosion. Three seconds of delay mean one kilometre.',
    'How can I tell how far away a storm is?',
  ],
  [
    'Fog',
    'When damp air cools below its dew point near the ground, water condenses on dust to tiny drops that float.',
    'Why are valleys grey on clear autumn mornings?',
  ],
  [
    'Printing press',
    'Movable type of lead alloy could be set, inked, printed and set again; within fifty years books cost a tenth of what a scribe asked.',
    'What made books cheap in the fifteenth century?',
  ],
  [
    'Steam engine',
    'A separate condenser kept the cylinder hot while the steam was condensed elsewhere; coal consumption fell by two thirds.',
    'Which improvement made early mine pumps so much thriftier?',
  ],
  [
    'Telegraph',
    'A key closes a circuit and an electromagnet far away moves a pen. A code of short and long signals needed one wire only.',
    'How was news sent over a single cable before there were telephones?',
  ],
  [
    'Container shipping',
    'Boxes of one size go from ship to train to lorry without being opened; loading a ship takes a day instead of a week.',
    'What changed the work in ports so much in the 1960s?',
  ],
  [
    'Violin strings',
    'The bow sticks to the string and slips, hundreds of times a second; the body of thin wood makes the sound loud enough for a hall.',
    'How does rubbing with horsehair make a tone?',
  ],
  [
    'Organ pipes',
    'A column of air swings in the pipe; one twice as long sounds an octave lower, and a closed end halves the pitch once more.',
    'Why do the deepest notes in a church need such tall tubes?',
  ],
  [
    'Equal temperament',
    'The octave is divided into twelve equal steps, so that every key can be played; all fifths are a little narrow.',
    'Why can a piano play in any key although no interval is perfectly pure?',
  ],
  [
    'Drum skins',
    'A stretched membrane swings in many patterns whose frequencies are no multiples of one another, so it has no clear pitch.',
    'Why is it hard to sing after the note of a tambourine?',
  ],
  [
    'Refrigerators',
    'A fluid evaporates inside and takes up heat, is compressed, and condenses behind the wall, where it gives the heat away.',
    'How does a kitchen appliance make cold out of electricity?',
  ],
  [
    'Thermal insulation',
    'Still air conducts heat badly; wool, foam and down hold it in small pockets so that it cannot circulate.',
    'Why do feathers keep people warm?',
  ],
  [
    'Pressure cooker',
    'Under a closed lid water boils at 120 degrees instead of 100, and beans are done in a third of the time.',
    'How can cooking be made much faster without a bigger flame?',
  ],
  [
    'Induction hobs',
    'A coil makes a changing magnetic field; currents in the base of an iron pan heat it, while the glass stays cool.',
    'Why does my copper pot stay cold on the new stove?',
  ],
  [
    'Vaccination',
    'A harmless part of a germ is shown to the immune system, which keeps memory cells; at a real infection they answer within days.',
    'How can a jab protect years later?',
  ],
  [
    'Antibiotics',
    'They block what bacteria have and we have not, such as their cell wall. Against viruses they do nothing.',
    'Why does the doctor prescribe no penicillin for flu?',
  ],
  [
    'Fever',
    'The body raises its set temperature: many germs multiply more slowly, and defence cells work faster.',
    'Is a raised temperature an enemy or a help when one is ill?',
  ],
  [
    'Allergy',
    'The immune system takes pollen or nuts for a danger; mast cells pour out histamine, and nose and eyes swell.',
    'Why do some people sneeze every spring?',
  ],
  [
    'Chess openings',
    'Early moves should bring pieces out, take the centre and make the king safe; moving one piece twice loses time.',
    'What are good aims for the first ten moves on the board?',
  ],
  [
    'Football offside',
    'An attacker may not be nearer to the goal line than the ball and the second-last defender when the ball is played to him.',
    'When is a striker in a forbidden position?',
  ],
  [
    'Marathon training',
    'Long slow runs teach muscles to burn fat; the sugar stored in the body lasts for about thirty kilometres only.',
    'Why do runners hit a wall late in the race?',
  ],
  [
    'Rowing technique',
    'The legs give most of the force; the blade should enter the water quickly and leave it before it brakes the boat.',
    'Which part of the body drives a racing shell forward?',
  ],
  [
    'Tenancy deposits',
    'A landlord may keep part of the sum for damage beyond ordinary wear, must account for it, and returns the rest after the flat is handed over.',
    'When do I get back the money I paid on moving in?',
  ],
  [
    'Notice periods',
    'Either side may end a contract of employment, but must say so some weeks before; the longer the service, the longer the time.',
    'How early must I tell my boss that I leave?',
  ],
  [
    'Copyright',
    'The author of a text or picture decides about copies of it until seventy years after death; ideas as such are free.',
    'May I print the novel of a writer who died a century ago?',
  ],
  [
    'Patents',
    'An invention that is new and not obvious may be used by its owner alone for twenty years; in exchange it is published.',
    'What protects a new machine from being copied, and for how long?',
  ],
  [
    'Volcanoes',
    'Thick, gas-rich magma plugs its vent until it explodes; thin magma flows out quietly and builds broad shields.',
    'Why do some mountains blow up and others only leak lava?',
  ],
  [
    'Earthquakes',
    'Plates hook into each other at a fault; tension grows for decades and is freed in seconds when the rock breaks.',
    'Why does the ground shake suddenly after a long time of quiet?',
  ],
  [
    'Glaciers',
    'Snow that does not melt is pressed to ice, which flows downhill under its own weight and grinds valleys into a U.',
    'What carved the broad troughs in the Alps?',
  ],
  [
    'Caves',
    'Rain takes up carbon dioxide in the soil and dissolves limestone along its cracks; where it drips, stone grows again.',
    'How do hollows with hanging stones come about underground?',
  ],
  [
    'Binary search',
    'In a sorted list one looks at the middle, drops the half that cannot hold the entry, and repeats: a million entries take twenty looks.',
    'What is the quickest way to look up a name in an ordered list?',
  ],
  [
    'Public-key cryptography',
    'What one key locks only the other opens. One of the two may be known to all, so that no secret has to be exchanged beforehand.',
    'How can strangers send each other secrets over an open line?',
  ],
  [
    'Error-correcting codes',
    'Extra bits are chosen so that valid words differ in several places; a word with one wrong bit is still nearest to the right one.',
    'Why can a scratched disc still be read?',
  ],
  [
    'Garbage collection',
    'The runtime finds objects that no reference leads to any more and frees their memory, so that programs need not do it.',
    'Who cleans up what a program has stopped using?',
  ],
  [
    'Sailing upwind',
    'The sail bends the flow of air and is pulled forward and sideways; the keel stops the sideways part, and the boat zigzags to its goal.',
    'How can a boat get to where the wind comes from?',
  ],
  [
    'Airfoils',
    'A wing turns the air downwards, and the air pushes the wing up. Too steep an angle, and the flow breaks away: the lift is gone.',
    'What keeps an aeroplane in the sky, and when does it stop?',
  ],
  [
    'Submarines',
    'Tanks are flooded to make the boat heavier than the water it displaces, and blown out with compressed air to rise.',
    'How does a vessel dive and come up again?',
  ],
  [
    'Hot-air balloons',
    'Heated air is thinner than the air around it, so the envelope weighs less than what it displaces and climbs until both are equal.',
    'Why does a burner make a basket with people fly?',
  ],
];

export const GENERAL_QUESTIONS: EvaluationSet = {
  corpus: ENTRIES.map(([title, text], at) => ({ id: `g${at}`, title, text })),
  questions: ENTRIES.map(([, , question], at) => ({
    id: `g${at}`,
    text: question,
    judged: new Map([[`g${at}`, 1]]),
  })),
};
